// Every field of the policy file changes what files of the repository may do.

import { describe } from 'vitest';
import { stringify } from 'yaml';

import { PolicySpec } from '../../../src/api/policy.ts';
import { chains } from '../../../src/chains/index.ts';
import { completePolicy, policyDocument, readPolicy } from '../../../src/desired/policy-file.ts';
import type { JsonObject } from '../../../src/lib/json-value.ts';
import { isFulfilled as isUpgraded, rulesOf } from '../../../src/upgrade/target.ts';
import { read } from '../../support/desired-files.ts';
import { testEveryField, type FieldCase, type FieldCases, type Outcome } from './schema-fields.ts';

const NAMESPACE = 'prod';

/** A node that uses something of every list. */
const NODE = {
  chain: 'cosmos',
  network: 'private-1',
  clients: { node: { name: 'cosmos-sdk', image: 'registry.example/chaind:1' } },
  cosmos: { binary: 'chaind' },
  storage: { data: { size: '10Gi', storageClass: 'fast' } },
  genesis: { configMap: { name: 'the-genesis', key: 'genesis.json' }, sha256: 'a'.repeat(64) },
  identity: { secretName: 'the-key' },
  serviceType: 'LoadBalancer',
  priorityClassName: 'chain-nodes',
  tolerations: [{ key: 'team.example/only', operator: 'Exists' }],
  podLabels: { 'mesh.example/inject': 'no' },
  podAnnotations: { 'backup.example/skip': 'yes' },
  sidecars: [{ name: 'exporter', image: 'registry.example/exporter:1' }],
  patches: ['StatefulSet', 'Service', 'ConfigMap', 'PodDisruptionBudget'].map((kind) => ({
    target: { kind },
    patch: [{ op: 'add', path: '/metadata/labels/mesh.example~1inject', value: 'no' }],
  })),
};

const LOCATION = {
  endpoint: 'https://s3.example.com',
  bucket: 'backups',
  prefix: 'fleet',
  region: 'eu-1',
  secret: 'backup-keys',
  caSecret: 'backup-ca',
};
const LOCATIONS: JsonObject = { backupLocations: { offsite: LOCATION } };

const FILES = {
  'fleet.yaml': documentOf('Fleet', { name: 'fleet' }, { controller: { version: '1.2.0' } }),
  'nodes/one.yaml': documentOf('BlockchainNode', { name: 'one' }, NODE),
  'jobs/copy.yaml': documentOf('Backup', { name: 'copy' }, { node: 'one', image: 'registry.example/worker:1' }),
  'jobs/offsite.yaml': documentOf(
    'Backup',
    { name: 'offsite' },
    {
      node: 'one',
      destination: { objectStorage: { name: 'offsite' } },
    },
  ),
  'jobs/owner.yaml': documentOf('ChangeOwner', { name: 'owner' }, { node: 'one', uid: 0 }),
  'jobs/snapshot.yaml': documentOf(
    'Backup',
    { name: 'snapshot' },
    { node: 'two', destination: { volumeSnapshot: { className: 'snapshots' } } },
  ),
  'jobs/foreign.yaml': documentOf(
    'Backup',
    { name: 'foreign', namespace: 'app-ledger' },
    { node: 'two', chain: 'ledger', deployMethod: 'helm', image: 'citacloud/cloud-op:0.3.1' },
  ),
};

function documentOf(
  kind: string,
  metadata: { readonly name: string; readonly namespace?: string },
  spec: JsonObject,
): string {
  return stringify({
    apiVersion: 'validatoros.com/v1alpha1',
    kind,
    metadata: kind === 'Fleet' ? metadata : { namespace: NAMESPACE, ...metadata },
    spec,
  });
}

/** What allows the node and the jobs above, and what does not. A new list adds its own here. */
const LISTS: Readonly<Record<string, FieldCase & { readonly from: string; readonly to: string }>> = {
  'namespaces[]': { from: NAMESPACE, to: 'test' },
  'images.nodes[]': { from: 'registry.example/chaind', to: 'registry.example/other' },
  'images.sidecars[]': { from: 'registry.example/exporter', to: 'registry.example/other' },
  'images.jobs[]': { from: 'registry.example/worker', to: 'registry.example/other' },
  'secrets[]': { from: 'the-*', to: 'other' },
  'configMaps[]': { from: 'the-genesis', to: 'other' },
  'storageClasses[]': { from: 'fast', to: 'slow' },
  'snapshotClasses[]': { from: 'snapshots', to: 'other' },
  'serviceTypes[]': { from: 'LoadBalancer', to: 'ClusterIP' },
  'priorityClasses[]': { from: 'chain-nodes', to: 'other' },
  'tolerations[]': { from: 'team.example/only', to: 'other' },
  'labels[]': { from: 'mesh.example/*', to: 'other' },
  'annotations[]': { from: 'backup.example/skip', to: 'other' },
  'patches.StatefulSet[]': { from: '/metadata/labels/**', to: '/spec/other' },
  'patches.Service[]': { from: '/metadata/labels/**', to: '/spec/other' },
  'patches.ConfigMap[]': { from: '/metadata/labels/**', to: '/spec/other' },
  'patches.PodDisruptionBudget[]': { from: '/metadata/labels/**', to: '/spec/other' },
  'exceptions[]': { from: 'RootOwner', to: 'HostPID' },
  'jobs.kinds[]': { from: 'Backup', to: 'Restore' },
  'jobs.deployMethods[]': { from: 'helm', to: 'python' },
  'jobs.locations[]': { base: LOCATIONS, from: 'offsite', to: 'onsite' },
  'jobs.foreignNamespaces[]': { from: 'app-ledger', to: 'app-other' },
};

/** Every list names something else, so that a rule's permission makes the difference. */
const CLOSED: JsonObject = {
  namespaces: ['test'],
  images: { nodes: ['other'], sidecars: ['other'], jobs: ['other'] },
  secrets: ['other'],
  configMaps: ['other'],
  storageClasses: ['other'],
  snapshotClasses: ['other'],
  serviceTypes: ['ClusterIP'],
  priorityClasses: ['other'],
  tolerations: ['other'],
  labels: ['other'],
  annotations: ['other'],
  patches: { StatefulSet: ['/x'], Service: ['/x'], ConfigMap: ['/x'], PodDisruptionBudget: ['/x'] },
  exceptions: [],
  jobs: { kinds: ['Restore'], deployMethods: ['python'], foreignNamespaces: ['app-other'], locations: ['onsite'] },
  ...LOCATIONS,
};

const RULE_BASE: JsonObject = { ...CLOSED, rules: [{ when: { paths: ['**'] }, allow: {} }] };

/** A rule may add a way of deployment only together with its namespace. */
const FOREIGN: FieldCase = {
  base: {
    ...CLOSED,
    rules: [
      { when: { paths: ['**'] }, allow: { jobs: { foreignNamespaces: ['app-ledger'], deployMethods: ['helm'] } } },
    ],
  },
};

const CASES: FieldCases = {
  ...LISTS,
  ...locationCases(),
  'selfUpdate.allowed': { from: true, to: false },
  'selfUpdate.repository': { from: 'registry.example/nodewright', to: 'other/nodewright' },
  'selfUpdate.versions': { base: { selfUpdate: { allowed: true } }, from: '>=1.0.0', to: '>=2.0.0' },
  'reservedSecrets[]': { from: 'other', to: 'the-key' },
  'rules[].when.paths[]': {
    base: { ...CLOSED, rules: [{ when: { paths: ['nodes/**'] }, allow: { storageClasses: ['fast'] } }] },
    to: 'elsewhere/**',
  },
  ...Object.fromEntries(
    Object.entries(LISTS).map(([name, values]): [string, FieldCase] => [
      `rules[].allow.${name}`,
      { ...values, base: RULE_BASE, ...(/deployMethods|foreignNamespaces/.test(name) ? FOREIGN : {}) },
    ]),
  ),
};

/** Another place for the same backups; a Secret of a location is one that no node may use. */
function locationCases(): FieldCases {
  const changed = { endpoint: 'https://other.example.com', bucket: 'other', prefix: 'other', region: 'eu-2' };
  return Object.fromEntries(
    Object.entries({ ...changed, caSecret: 'other', secret: 'the-key' }).map(([field, to]) => [
      `backupLocations.*.${field}`,
      { base: LOCATIONS, to },
    ]),
  );
}

function outcome(spec: JsonObject): Outcome {
  const file = readPolicy('policy.yaml', stringify(policyDocument(spec, 'policy')));
  if (!file.ok) return { errors: file.problems.map(({ message }) => message) };
  const policy = completePolicy(file.spec, { namespace: 'novacula-system' });
  const { problems } = read(FILES, { policy, chains });
  const rules = rulesOf(policy);
  const isFulfilled = isUpgraded('registry.example/nodewright:1.2.0', { version: '1.2.0', id: '1.2.0' }, rules);
  return {
    errors: [],
    isFulfilled,
    backups: policy.spec.backupLocations,
    problems: problems.map(({ file: path, code, message }) => `${path} ${code} ${message}`),
  };
}

describe('Policy', () => {
  testEveryField({ schema: PolicySpec, base: {}, cases: CASES, file: 'test/api/fields/policy.test.ts', outcome });
});
