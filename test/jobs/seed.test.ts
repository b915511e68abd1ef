// The second seed's documents become requests here, as they stand.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { isObject, type JsonObject } from '../../src/lib/json-value.ts';
import { checkRequest } from '../../src/jobs/check-request.ts';
import { findJobKind } from '../../src/jobs/index.ts';
import { fromSeed, isSeedDocument } from '../../src/jobs/seed.ts';

const text = readFileSync(new URL('support/seed-documents.yaml', import.meta.url), 'utf8');
const documents = parseAllDocuments(text).map((document): JsonObject => {
  const value: unknown = document.toJS();
  if (!isObject(value)) throw new Error('no document');
  return value;
});

describe('documents of the README', () => {
  it('are all there', () => {
    expect(documents.map(({ kind }) => kind)).toEqual([
      'BlockHeightFallback',
      'Backup',
      'Snapshot',
      'Restore',
      'Restore',
      'Switchover',
      'ChangeOwner',
    ]);
  });

  it.each(
    documents.map((document) => ({
      document,
      name: `${String(document['kind'])} ${JSON.stringify(document['metadata'])}`,
    })),
  )('$name is accepted without an error', ({ document }) => {
    expect(isSeedDocument(document)).toBe(true);
    const converted = fromSeed(document);
    if (!converted.ok) throw new Error(JSON.stringify(converted.findings));
    const { kind, spec, apiVersion } = converted.document;
    expect(apiVersion).toBe('validatoros.com/v1alpha1');
    const known = findJobKind(String(kind));
    const parsed = known?.spec.parse(spec);
    expect(parsed).toMatchObject({ ttlSecondsAfterFinished: 30, deployMethod: expect.not.stringMatching('managed') });
    const findings = checkRequest({ kind: String(kind), spec }, { name: 'x', namespace: 'app-rivspace' });
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('fromSeed', () => {
  const base = { apiVersion: 'citacloud.rivtower.com/v1', metadata: { name: 'x' } };

  it.each([
    {
      because: 'a kind that is no job says what to use',
      document: { ...base, kind: 'CitaNode', spec: {} },
      says: 'BlockchainNode',
    },
    { because: 'Duplicate says what to use', document: { ...base, kind: 'Duplicate', spec: {} }, says: 'use a Backup' },
    { because: 'an unknown kind', document: { ...base, kind: 'constructor', spec: {} }, says: 'not accepted' },
    {
      because: 'the seed requires deployMethod: managed is never assumed',
      document: { ...base, kind: 'Backup', spec: { chain: 'c', node: 'n' } },
      says: 'is required',
    },
    { because: 'no spec', document: { ...base, kind: 'Backup' }, says: 'is required' },
  ])('refuses: $because', ({ document, says }) => {
    const converted = fromSeed(document);
    expect(converted.ok ? [] : converted.findings.map(({ message }) => message)).toEqual([
      expect.stringContaining(says),
    ]);
  });

  it('a Switchover is of cloud-config nodes, the only ones it works with there', () => {
    const converted = fromSeed({ ...base, kind: 'Switchover', spec: { chain: 'c', sourceNode: 'a', destNode: 'b' } });
    expect(converted).toMatchObject({ ok: true, document: { spec: { deployMethod: 'cloud-config' } } });
  });
});
