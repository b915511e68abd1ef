// What is taken out of objects.

import { expect, it } from 'vitest';

import { strip, withoutManagedFields } from '../../src/kube/strip.ts';

const object = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'a',
    managedFields: [{ manager: 'x' }],
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{}}', mine: 'kept' },
  },
  data: { k: 'dg==' },
};

it('keeps the annotation of kubectl where the object may be written back', () => {
  expect(withoutManagedFields(object)).toEqual({
    ...object,
    metadata: { name: 'a', annotations: object.metadata.annotations },
  });
});

it('drops both for keeping in memory, and leaves the original alone', () => {
  expect(strip(object)).toEqual({ ...object, metadata: { name: 'a', annotations: { mine: 'kept' } } });
  expect(object.metadata.managedFields).toHaveLength(1);
});

it('returns the very same object when there is nothing to take out', () => {
  const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } };
  expect(strip(bare)).toBe(bare);
});
