// Every field of `metadata` that a kind accepts changes what is read; others are reported.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { PolicySpec } from '../../../src/api/policy.ts';
import { gitKinds, metadataOf, type GitKind } from '../../../src/desired/kinds.ts';
import { completePolicy, policyKind, readPolicy } from '../../../src/desired/policy-file.ts';
import type { JsonObject } from '../../../src/lib/json-value.ts';
import { FLEET, nodeFile, read } from '../../support/desired-files.ts';
import { testEveryField, type FieldCases, type Outcome } from './schema-fields.ts';

const FILE = 'test/api/fields/metadata.test.ts';

const OPEN = completePolicy(PolicySpec.parse({ namespaces: ['**'] }), { namespace: 'novacula-system' });

/** The smallest spec of each kind. */
const SPECS: Readonly<Record<string, JsonObject>> = {
  Fleet: {},
  BlockchainNode: {
    chain: 'ethereum',
    network: 'hoodi',
    clients: { el: { name: 'geth' }, cl: { name: 'lighthouse' } },
    storage: { data: { size: '2Ti' } },
    checkpoint: { url: 'https://checkpoint.example.com' },
  },
  Backup: { node: 'a' },
  FleetPatch: { match: {}, patch: [{ op: 'test', path: '/network', value: 'hoodi' }] },
  JobSchedule: { schedule: '0 3 * * *', template: { kind: 'Backup', spec: { node: 'a' } } },
};

const CASES: FieldCases = {
  name: { to: 'two' },
  namespace: { from: 'prod', to: 'test' },
  'labels.*': { base: { name: 'one', labels: { team: 'a' } }, to: 'b' },
  'annotations.*': { base: { name: 'one', annotations: { 'example.com/note': 'a' } }, to: 'b' },
};

/** Kinds of which a file declares one, or whose order is that of the files: the name is for readers. */
const NAMED_FOR_READERS = ['Fleet', 'FleetPatch'];

function outcomeOf({ kind, place, apiVersion }: GitKind): (metadata: JsonObject) => Outcome {
  const spec = SPECS[kind];
  if (spec === undefined) throw new Error(`${kind} has no case: add its smallest spec to ${FILE}`);
  return (metadata) => {
    const { namespace = 'novacula-system' } = metadata;
    const path = place.endsWith('/') ? `${place}one.yaml` : place;
    const { nodes, requests, schedules, problems } = read(
      {
        'fleet.yaml': FLEET,
        'nodes/a.yaml': nodeFile('a', (text) => text.replace('name: a', `name: a\n  namespace: ${String(namespace)}`)),
        [path]: stringify({ apiVersion, kind, metadata, spec }),
      },
      { policy: OPEN },
    );
    const errors = problems.filter(({ level }) => level === 'error').map(({ message }) => message);
    return { errors, nodes: [...nodes], requests: [...requests], schedules: [...schedules], problems };
  };
}

/** All kinds of job are read by the same code: one stands for them. */
const KINDS = gitKinds.filter(({ kind, role }) => role !== 'request' || kind === 'Backup');

describe.each(KINDS)('metadata of $kind', (gitKind) => {
  const outcome = outcomeOf(gitKind);
  const { kind, metadata: used } = gitKind;
  const unused = ['namespace', 'labels', 'annotations'].filter((field) => !used.some((one) => one === field));

  if (!NAMED_FOR_READERS.includes(kind)) {
    const cases = Object.entries(CASES).filter(([name]) => ['name', ...used].some((one) => name.startsWith(one)));
    const schema = metadataOf(gitKind);
    testEveryField({ schema, base: { name: 'one' }, cases: Object.fromEntries(cases), file: FILE, outcome });
  }

  it.each(unused)('warns that %s has no effect', (field) => {
    const { problems } = outcome({ name: 'one', [field]: field === 'namespace' ? 'prod' : { team: 'a' } });
    expect(problems).toMatchObject([{ level: 'warning', code: 'UnusedMetadata' }]);
    expect(JSON.stringify(problems)).toContain(`metadata.${field}: has no effect on a ${kind}; remove it`);
  });
});

it('refuses a policy file with labels', () => {
  const metadata = { name: 'policy', labels: { team: 'a' } };
  const file = readPolicy(
    'p.yaml',
    stringify({ apiVersion: policyKind.apiVersion, kind: 'Policy', metadata, spec: {} }),
  );
  expect(file).toMatchObject({ ok: false, problems: [{ code: 'UnusedMetadata' }] });
});
