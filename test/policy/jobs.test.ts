// Every rule for jobs, and that the documents of CITA-Cloud pass by default.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import type { PolicyRule } from '../../src/api/codes/policy-rules.ts';
import type { PolicySpec } from '../../src/api/policy.ts';
import { defined } from '../../src/lib/defined.ts';
import type { JsonObject } from '../../src/lib/json-value.ts';
import { jobRules, judgeJob } from '../../src/policy/judge-job.ts';
import { NAMESPACE, policyOf } from './support.ts';

interface Row {
  readonly rule: PolicyRule;
  readonly because: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly spec: JsonObject;
  readonly policy?: PolicySpec;
}

const LOCATION = { endpoint: 'https://s3.example.com', bucket: 'backups', secret: 'backup-keys' };
const foreign = { deployMethod: 'cloud-config', chain: 'c', node: 'ledger' };

const snapshotOf = (volumeSnapshot: JsonObject): JsonObject => ({ node: 'n', destination: { volumeSnapshot } });

const refused: readonly Row[] = [
  {
    rule: 'ImageNotAllowed',
    because: 'an image of an attacker',
    spec: { node: 'n', image: 'evil.example/exfiltrate:1' },
  },
  { rule: 'ImageNotAllowed', because: "a client's image", spec: { node: 'n', image: 'ethereum/client-go:v1' } },
  { rule: 'NamespaceNotAllowed', because: 'a managed node elsewhere', namespace: 'argocd', spec: { node: 'n' } },
  { rule: 'ForeignWorkloadNotAllowed', because: 'a namespace of others', namespace: 'payments', spec: foreign },
  {
    rule: 'ForeignWorkloadNotAllowed',
    because: 'a method that is not allowed',
    namespace: 'app-x',
    spec: foreign,
    policy: { jobs: { deployMethods: [] } },
  },
  {
    rule: 'LocationNotAllowed',
    because: 'a location that the policy does not define',
    spec: { node: 'n', destination: { objectStorage: { name: 'offsite' } } },
  },
  {
    rule: 'LocationNotAllowed',
    because: 'a location for others',
    spec: { node: 'n', destination: { objectStorage: { name: 'offsite' } } },
    policy: { backupLocations: { offsite: LOCATION }, jobs: { locations: ['onsite'] } },
  },
  {
    rule: 'LocationNotAllowed',
    because: 'the backup of a node elsewhere',
    kind: 'Restore',
    spec: { node: 'n', source: { objectStorage: { name: 'offsite', namespace: 'payments' } } },
    policy: { backupLocations: { offsite: LOCATION } },
  },
  { rule: 'RootOwner', because: 'user 0', kind: 'ChangeOwner', spec: { node: 'n', uid: 0, gid: 1000 } },
  { rule: 'RootOwner', because: 'group 0', kind: 'ChangeOwner', spec: { node: 'n', uid: 1000, gid: 0 } },
  {
    rule: 'ForeignVolume',
    because: 'a device of a plugin',
    spec: { node: 'n', resources: { limits: { 'smarter-devices/fuse': '1' } } },
  },
  {
    rule: 'JobKindNotAllowed',
    because: 'not in the list',
    spec: { node: 'n' },
    policy: { jobs: { kinds: ['Restore'] } },
  },
  {
    rule: 'SnapshotClassNotAllowed',
    because: 'not in the list',
    spec: { node: 'n', destination: { volumeSnapshot: { className: 'slow' } } },
    policy: { snapshotClasses: ['fast'] },
  },
  {
    rule: 'SnapshotClassNotAllowed',
    because: 'none named, where not all are allowed',
    spec: { node: 'n', destination: { volumeSnapshot: {} } },
    policy: { snapshotClasses: ['fast'] },
  },
  {
    rule: 'StorageClassNotAllowed',
    because: 'not in the list',
    spec: { node: 'n', storageClass: 'slow' },
    policy: { storageClasses: ['fast'] },
  },
];

function verdictOf({ kind = 'Backup', namespace = NAMESPACE, spec, policy = {} }: Omit<Row, 'rule' | 'because'>) {
  return judgeJob({ kind, namespace, spec, allowed: policyOf(policy).allowedFor(['jobs/x.yaml']) });
}

describe('the rules for jobs', () => {
  it.each(refused)('refuse: $rule, $because', (row) => {
    expect(verdictOf(row).denials.map(({ rule }) => rule)).toEqual([row.rule]);
  });

  it.each([
    { because: 'the own image of the controller', spec: { node: 'n', image: 'registry.example/nodewright:1' } },
    { because: 'no image', spec: { node: 'n' } },
    { because: 'a workload of another tool in the own namespace', spec: foreign },
    { because: 'any class where all are allowed', spec: snapshotOf({}) },
    { because: 'a class in the list', spec: snapshotOf({ className: 'fast' }), policy: { snapshotClasses: ['fast'] } },
    { because: 'a backup without VolumeSnapshots', spec: { node: 'n' }, policy: { snapshotClasses: [] } },
  ])('let pass $because', ({ spec, policy }) => {
    expect(verdictOf({ spec, ...defined({ policy }) })).toEqual({ denials: [], exceptions: [] });
  });

  it.each([
    {
      snapshot: {},
      snapshotClasses: ['fast', 'slow'],
      path: [],
      says: 'names no class; the policy allows fast, slow.',
    },
    { snapshot: {}, snapshotClasses: [], path: [], says: 'names no class; the policy allows none.' },
    { snapshot: { className: 'x' }, snapshotClasses: ['fast'], path: ['className'], says: 'className is "x".' },
  ])('name where the class $snapshot is refused', ({ snapshot, snapshotClasses, path, says }) => {
    const [denial] = verdictOf({ spec: snapshotOf(snapshot), policy: { snapshotClasses } }).denials;
    expect(denial?.path).toEqual(['spec', 'destination', 'volumeSnapshot', ...path]);
    expect(denial?.message).toContain(says);
  });

  it('waive what the policy names, and say so', () => {
    const verdict = verdictOf({
      kind: 'ChangeOwner',
      spec: { node: 'n', uid: 0 },
      policy: { exceptions: ['RootOwner'] },
    });
    expect(verdict).toEqual({ denials: [], exceptions: ['RootOwner'] });
  });

  const image = { node: 'n', image: 'registry.example/tools/copy:1' };
  const elsewhere = { chain: 'c', node: 'x', deployMethod: 'helm' };
  it.each([
    {
      because: 'an image that is not allowed by default',
      spec: image,
      policy: { images: { jobs: ['registry.example/tools/*'] } },
      rule: 'ImageNotAllowed',
    },
    {
      because: 'a foreign namespace that is not allowed by default',
      spec: elsewhere,
      namespace: 'payments',
      policy: { jobs: { foreignNamespaces: ['payments'] } },
      rule: 'ForeignWorkloadNotAllowed',
    },
    {
      because: 'a right of its folder',
      spec: image,
      policy: { rules: [{ when: { paths: ['jobs/**'] }, allow: { images: { jobs: ['registry.example/tools/*'] } } }] },
      rule: 'ImageNotAllowed',
    },
  ])('name what needs an approval: $because', ({ rule, ...row }) => {
    expect(verdictOf(row)).toEqual({ denials: [], exceptions: [rule] });
  });

  it.each([
    { because: 'a wider list of namespaces', spec: { node: 'n' }, namespace: 'more', policy: { namespaces: ['more'] } },
    {
      because: 'a list that names what is allowed by default',
      spec: { node: 'n', image: 'citacloud/cloud-op:1' },
      policy: { images: { jobs: ['citacloud/*'] } },
    },
    { because: 'what is refused', spec: { node: 'n', image: 'evil.example/x:1' }, policy: {} },
  ])('need no approval for $because', (row) => {
    expect(verdictOf(row).exceptions).toEqual([]);
  });

  it('each have a row here', () => {
    const covered = new Set(refused.map(({ rule }) => rule));
    expect(jobRules.map(({ rule }) => rule).filter((rule) => !covered.has(rule))).toEqual([]);
  });

  it('let the documents of CITA-Cloud pass as they are', () => {
    const text = readFileSync(new URL('../jobs/support/cita-documents.yaml', import.meta.url), 'utf8');
    const documents = parseAllDocuments(text).map((one) => one.toJS() as JsonObject & { kind: string });
    expect(documents.length).toBeGreaterThan(5);
    for (const { kind, metadata, spec } of documents) {
      const { namespace } = metadata as { namespace: string };
      // A Switchover of that API has no deployMethod: it is of cloud-config.
      const complete = { deployMethod: 'cloud-config', ...(spec as JsonObject) };
      expect(verdictOf({ kind, namespace, spec: complete }).denials).toEqual([]);
    }
  });
});
