// Which changes of owned objects wake the reconciliation of their node.

import { expect, it } from 'vitest';

import { LABEL } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { startWatches, type Watches } from '../../src/controller/node/watches.ts';
import type { Cluster, Informer, InformOptions } from '../../src/kube/cluster.ts';

/** Watches whose changes the test makes up, and the notices that they cause. */
function setup() {
  const handlers = new Map<string, InformOptions['onChange']>();
  const inform = (kind: { readonly kind: string }, options: InformOptions): Informer => {
    if (!handlers.has(kind.kind)) handlers.set(kind.kind, options.onChange);
    return { get: () => undefined, list: () => [] } as unknown as Informer;
  };
  const watches: Watches = startWatches({ inform } as unknown as Pick<Cluster, 'inform'>, new AbortController().signal);
  const notices: string[] = [];
  watches.subscribe((name) => void notices.push(name));
  const change = (old: KubeObject | undefined, now: KubeObject | undefined): readonly string[] => {
    notices.length = 0;
    const kind = (now ?? old)?.kind ?? '';
    handlers.get(kind)?.({ key: 'ns/a', old, now });
    return [...notices];
  };
  return { change };
}

function owned(kind: string, generation: number, status: object = {}): KubeObject {
  const resourceVersion = `${generation}-${JSON.stringify(status)}`;
  const metadata = { name: 'a', namespace: 'ns', uid: '1', labels: { [LABEL.node]: 'a' }, generation, resourceVersion };
  return { apiVersion: 'v1', kind, metadata, status };
}

it.each(['StatefulSet', 'PodDisruptionBudget'])('the status of a %s alone does not, its spec does', (kind) => {
  const { change } = setup();
  const made = owned(kind, 1);
  const observed = owned(kind, 1, { observedGeneration: 1 });
  expect(change(undefined, made)).toEqual([`${kind}Changed`, 'ObjectsTouched']);
  expect(change(made, observed)).toEqual([`${kind}Changed`]);
  expect(change(observed, owned(kind, 2, { observedGeneration: 1 }))).toEqual([`${kind}Changed`, 'ObjectsTouched']);
  expect(change(observed, undefined)).toEqual([`${kind}Changed`, 'ObjectsTouched']);
});

it('another label or annotation of a StatefulSet does', () => {
  const { change } = setup();
  const made = owned('StatefulSet', 1);
  const marked = { ...made, metadata: { ...made.metadata, resourceVersion: '2', annotations: { note: 'x' } } };
  expect(change(made, marked)).toEqual(['StatefulSetChanged', 'ObjectsTouched']);
});

it('the status of a PVC does: it says whether its volume has grown', () => {
  const { change } = setup();
  const grown = owned('PersistentVolumeClaim', 1, { capacity: { storage: '2Gi' } });
  expect(change(owned('PersistentVolumeClaim', 1), grown)).toEqual(['PersistentVolumeClaimChanged', 'ObjectsTouched']);
});
