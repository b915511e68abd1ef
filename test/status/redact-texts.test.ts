// Every text of a status is redacted, and nothing else in it changes.

import { expect, it } from 'vitest';
import { z } from 'zod';

import { JobStatus } from '../../src/api/job-status.ts';
import { NodeStatus } from '../../src/api/node-status.ts';
import { redact } from '../../src/lib/redact.ts';
import { redactTexts } from '../../src/lib/secrets/texts.ts';
import { isObject, valueAt } from '../../src/lib/json-value.ts';

/** Dotted paths of the strings of a schema that hold more than names and ids, or are called a text. */
function textsOf(schema: unknown, path: readonly string[] = []): readonly string[] {
  if (!isObject(schema)) return [];
  const isText = schema['type'] === 'string' && (Number(schema['maxLength']) >= 1024 || path.at(-1) === 'message');
  const members = Object.entries(valueAt(schema, ['properties']) ?? {}).flatMap(([name, member]) =>
    textsOf(member, [...path, name]),
  );
  const items = textsOf(schema['items'], path);
  return [...(isText ? [path.join('.')] : []), ...members, ...items];
}

/** An object with `leaf` at the dotted path. */
function at(path: string, leaf: unknown): unknown {
  return path.split('.').reduceRight<unknown>((value, name) => ({ [name]: value }), leaf);
}

/** Read and written back to the byte: what a key has signed. */
const SIGNER_STATES = ['works.text', 'signers.states.text'];

const texts = [JobStatus, NodeStatus].flatMap((schema) => textsOf(z.toJSONSchema(schema, { io: 'input' })));

it('knows the texts of both statuses', () => {
  expect(texts).toEqual(
    expect.arrayContaining(['message', 'works.message', 'outputTail', 'notes', 'conditions.message', 'hold.message']),
  );
});

it.each([...new Set(texts)].filter((path) => !SIGNER_STATES.includes(path)))('redacts %s', (path) => {
  expect(redactTexts(at(path, 'password=hunter2'), redact)).toEqual(at(path, 'password=[redacted]'));
});

it('changes no signer state, digest, id or name, and gives back what has nothing to redact', () => {
  const signature = Buffer.alloc(64, 7).toString('base64');
  const status = {
    message: 'done',
    notes: ['a', 'b'],
    manifestSha256: 'a'.repeat(64),
    works: [{ name: 'password=x', text: JSON.stringify({ height: '1', signature }), snapshotId: 'b'.repeat(64) }],
    targets: [{ podSelector: { token: 'password=x' }, host: 'token=x' }],
  };
  expect(redactTexts(status, redact)).toBe(status);
  expect(redactTexts({ ...status, message: 'token=x' }, redact)).toEqual({ ...status, message: 'token=[redacted]' });
});
