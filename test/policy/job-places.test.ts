// Where a rule for jobs shows its problem, what it says, and the nearest case that it lets pass.

import { describe, expect, it } from 'vitest';

import type { PolicySpec } from '../../src/api/policy.ts';
import type { JsonObject } from '../../src/lib/json-value.ts';
import { judgeJob } from '../../src/policy/judge-job.ts';
import { matches, matchesAny, reachesPointer } from '../../src/policy/patterns.ts';
import { NAMESPACE, policyOf } from './support.ts';

interface Given {
  readonly kind?: string;
  readonly namespace?: string;
  readonly spec: JsonObject;
  readonly policy?: PolicySpec;
}

interface Row extends Given {
  readonly because: string;
  readonly path: readonly string[];
  readonly says: string;
}

const LOCATION = { endpoint: 'https://s3.example.com', bucket: 'backups', secret: 'backup-keys' };
const stored = { backupLocations: { offsite: LOCATION, onsite: LOCATION } };
const foreign = { deployMethod: 'cloud-config', chain: 'c', node: 'ledger' };
const to = (name: string) => ({ node: 'n', destination: { objectStorage: { name } } });
const from = (namespace: string) => ({ node: 'n', source: { objectStorage: { name: 'offsite', namespace } } });

function verdictOf({ kind = 'Backup', namespace = NAMESPACE, spec, policy = {} }: Given) {
  return judgeJob({ kind, namespace, spec, allowed: policyOf(policy).allowedFor(['jobs/x.yaml']) });
}

const rows: readonly Row[] = [
  {
    because: 'the kind',
    spec: { node: 'n' },
    policy: { jobs: { kinds: ['Restore'] } },
    path: ['kind'],
    says: 'kind is Backup, which jobs.kinds does not name.',
  },
  {
    because: 'the namespace of a managed node',
    namespace: 'argocd',
    spec: { node: 'n' },
    policy: { namespaces: ['one', 'two'] },
    path: ['metadata', 'namespace'],
    says: 'metadata.namespace is "argocd"; the policy allows one, two.',
  },
  {
    because: 'that no namespace is allowed',
    namespace: 'argocd',
    spec: { node: 'n' },
    policy: { namespaces: [] },
    path: ['metadata', 'namespace'],
    says: 'metadata.namespace is "argocd"; the policy allows none.',
  },
  {
    because: 'the deploy method, when another one is allowed',
    namespace: 'app-x',
    spec: foreign,
    policy: { jobs: { deployMethods: ['helm'] } },
    path: ['spec', 'deployMethod'],
    says: 'spec.deployMethod is cloud-config, which jobs.deployMethods does not name.',
  },
  {
    because: 'the namespace of another tool',
    namespace: 'payments',
    spec: foreign,
    policy: { namespaces: ['one'], jobs: { foreignNamespaces: ['app-*'] } },
    path: ['metadata', 'namespace'],
    says: 'metadata.namespace is "payments"; jobs on workloads of other tools are allowed in one, app-*.',
  },
  {
    because: 'the image',
    spec: { node: 'n', image: 'evil.example/x:1' },
    path: ['spec', 'image'],
    says: 'spec.image is "evil.example/x:1", which images.jobs does not name.',
  },
  {
    because: 'an image that is no text',
    spec: { node: 'n', image: 5 },
    policy: { images: { jobs: ['**'] } },
    path: ['spec', 'image'],
    says: 'spec.image is 5, which images.jobs does not name.',
  },
  {
    because: 'the storage class',
    spec: { node: 'n', storageClass: 'slow' },
    policy: { storageClasses: ['fast'] },
    path: ['spec', 'storageClass'],
    says: 'spec.storageClass is "slow".',
  },
  {
    because: 'a device in the limits',
    spec: { node: 'n', resources: { limits: { cpu: '1', 'smarter-devices/fuse': '1' } } },
    path: ['spec', 'resources', 'limits', 'smarter-devices/fuse'],
    says: 'spec.resources.limits["smarter-devices/fuse"] asks for a device of the Kubernetes node.',
  },
  {
    because: 'a device in the requests',
    spec: { node: 'n', resources: { requests: { 'nvidia.com/gpu': '1' } } },
    path: ['spec', 'resources', 'requests', 'nvidia.com/gpu'],
    says: 'spec.resources.requests["nvidia.com/gpu"] asks for a device of the Kubernetes node.',
  },
  {
    because: 'the group of the new owner',
    kind: 'ChangeOwner',
    spec: { node: 'n', uid: 1000, gid: 0 },
    path: ['spec', 'gid'],
    says: 'spec.gid is 0, which is root.',
  },
  {
    because: 'a location that is not defined, and those that are',
    spec: to('elsewhere'),
    policy: stored,
    path: ['spec', 'destination', 'objectStorage', 'name'],
    says: 'spec.destination.objectStorage.name is "elsewhere"; the policy allows offsite, onsite.',
  },
  {
    because: 'a location where none is allowed',
    spec: to('offsite'),
    policy: { ...stored, jobs: { locations: [] } },
    path: ['spec', 'destination', 'objectStorage', 'name'],
    says: 'spec.destination.objectStorage.name is "offsite"; the policy allows none.',
  },
  {
    because: 'the namespace whose backup would be read',
    kind: 'Restore',
    spec: from('payments'),
    policy: stored,
    path: ['spec', 'source', 'objectStorage', 'namespace'],
    says: 'spec.source.objectStorage.namespace is "payments".',
  },
];

describe('a rule for jobs', () => {
  it.each(rows)('names $because', ({ path, says, ...given }) => {
    const { denials } = verdictOf(given);
    expect(denials.map((one) => one.path)).toEqual([path]);
    expect(denials[0]?.message.slice(0, says.length)).toBe(says);
  });

  it.each<Given & { readonly because: string }>([
    { because: 'a location that the policy defines', spec: to('offsite'), policy: stored },
    { because: 'a location that is allowed', spec: to('onsite'), policy: { ...stored, jobs: { locations: ['on*'] } } },
    { because: 'a backup of its own namespace', kind: 'Restore', spec: from(NAMESPACE), policy: stored },
    { because: 'a backup of a namespace for other tools', kind: 'Restore', spec: from('app-x'), policy: stored },
    { because: 'no storage class', spec: { node: 'n' }, policy: { storageClasses: ['fast'] } },
    { because: 'resources of the Kubernetes node', spec: { node: 'n', resources: { limits: { cpu: '1' } } } },
    { because: 'user 0 of a kind that does not change the owner', spec: { node: 'n', uid: 0 } },
    { because: 'an owner other than root', kind: 'ChangeOwner', spec: { node: 'n', uid: 1000, gid: 1000 } },
  ])('lets pass $because', (given) => expect(verdictOf(given)).toEqual({ denials: [], exceptions: [] }));

  it('lists what needs an approval in the order of the names', () => {
    const resources = { limits: { 'smarter-devices/fuse': '1' } };
    const spec = { ...foreign, uid: 0, image: 'registry.example/tools/x:1', resources };
    const policy: PolicySpec = {
      exceptions: ['RootOwner', 'ForeignVolume'],
      images: { jobs: ['registry.example/tools/*'] },
      jobs: { foreignNamespaces: ['payments'] },
    };
    const { denials, exceptions } = verdictOf({ kind: 'ChangeOwner', namespace: 'payments', spec, policy });
    expect(denials).toEqual([]);
    expect(exceptions).toEqual(['ForeignVolume', 'ForeignWorkloadNotAllowed', 'ImageNotAllowed', 'RootOwner']);
  });
});

describe('a pattern', () => {
  it.each([
    { pattern: 'app-*', text: 'app-x', is: true },
    { pattern: 'app-*', text: 'app-', is: true },
    { pattern: 'app-*', text: 'an-app-x', is: false },
    { pattern: '*-app', text: 'my-app-2', is: false },
    { pattern: 'a/*', text: 'a/b/c', is: false },
    { pattern: 'a/**', text: 'a/b/c', is: true },
    { pattern: 'a/***', text: 'a/b/c', is: true },
    { pattern: 'a/*/c', text: 'a/b/c', is: true },
    { pattern: '**', text: 'a/b', is: true },
    { pattern: '*', text: 'a/b', is: false },
    { pattern: 'a.b', text: 'a.b', is: true },
    { pattern: 'a.b', text: 'axb', is: false },
    { pattern: 'a+(b)|c', text: 'a+(b)|c', is: true },
    { pattern: 'a+(b)|c', text: 'c', is: false },
    { pattern: '', text: '', is: true },
    { pattern: '', text: 'a', is: false },
  ])('"$pattern" matches "$text": $is, each time', ({ pattern, text, is }) => {
    expect([matches(pattern, text), matches(pattern, text)]).toEqual([is, is]);
    expect(matchesAny(['never', pattern], text)).toBe(is);
  });

  it.each([
    { pattern: '/spec/affinity/**', pointer: '/spec/affinity', is: true },
    { pattern: '/spec/affinity/**', pointer: '/spec/affinity/podAffinity', is: true },
    { pattern: '/spec/affinity/**', pointer: '/spec/affinityX', is: false },
    { pattern: '/spec/affinity/*', pointer: '/spec/affinity', is: false },
    { pattern: '/spec/affinity', pointer: '/spec/affinity/podAffinity', is: false },
  ])('$pattern reaches $pointer: $is', ({ pattern, pointer, is }) => expect(reachesPointer(pattern, pointer)).toBe(is));
});
