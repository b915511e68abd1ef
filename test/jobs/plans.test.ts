// The whole plan of jobs for each place that they copy to or from: what runs where, and what an unclear end means.

import { expect, it } from 'vitest';

import type { JobTarget } from '../../src/api/job-status.ts';
import type { JobObservation } from '../../src/jobs/model/observation.ts';
import { citaTarget, kindNamed, managedTarget, source, targetSeen, viewFor } from './support/fixtures.ts';

const two = managedTarget('a', {
  chainId: 'local-1',
  volumes: [
    { name: 'el', claim: 'el-a-0', storageClass: 'fast', size: '10Gi' },
    { name: 'cl', claim: 'cl-a-0' },
  ],
});
const cloud = { deployMethod: 'cloud-config', chain: 'test-chain' };
const storage = { ok: true, location: 'offsite', base: 's3:x', region: 'eu', secret: 'keys', caSecret: 'ca', executor: 'demo', schedule: 'prod/nightly' } as const; // prettier-ignore
const far = { objectStorage: { name: 'offsite' } };
const { answers } = targetSeen(two);
const run = { image: 'gaia:1', command: ['gaiad'], args: ['export'], mounts: [{ volume: 'el', path: '/data' }] };
const height = { ask: { id: 'h', role: 'el', port: 1, method: 'GET', path: '/' }, at: ['result'], format: 'hex' } as const; // prettier-ignore

function seenAs(target: JobTarget, more: object = {}): Partial<JobObservation> {
  return { targets: new Map([[target.node, targetSeen(target, { answers: { ...answers, ...more } as never })]]) };
}

const markers = ['el', 'gone'].map((volume) => ({ volume, anyOf: ['CURRENT'] }));
const snapshots = [
  { volume: 'el', name: 's-el', uid: 'u1', restoreSize: '12Gi', driver: 'csi.fast' },
  { volume: 'cl', name: 's-cl', uid: 'u2' },
];
const ready = { ask: height.ask, includes: 'x' };

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly spec: object;
  readonly target?: JobTarget;
  readonly more?: object;
  readonly seen?: Partial<JobObservation>;
}

it.each<Case>([
  { name: 'backup-to-object-storage', kind: 'Backup', spec: { destination: far }, more: { databaseMarkers: markers }, seen: { storage } },
  { name: 'backup-to-volume-snapshots', kind: 'Backup', spec: { destination: { volumeSnapshot: {} } } },
  { name: 'restore-from-pvc', kind: 'Restore', spec: { backup: 'b' }, seen: { source: source({ live: true }) } },
  { name: 'restore-from-record', kind: 'Restore', spec: { backup: 'b' }, seen: { storage, source: source({ stored: { location: 'offsite', repository: 'demo/prod/b', snapshot: 'bbbbbbbb' } }) } },
  { name: 'restore-of-named-snapshot', kind: 'Restore', spec: { source: far }, seen: { storage } },
  { name: 'restore-from-volume-snapshots', kind: 'Restore', spec: { backup: 'b' }, seen: { storageClasses: new Map([['fast', { provisioner: 'csi.fast', isAllowed: true }]]), source: source({ volumeSnapshots: snapshots, clients: ['el=gaia'] }) } },
  { name: 'restore-of-state', kind: 'Restore', spec: { snapshot: 's', image: 'x/cita-node-job:v0.0.2', ...cloud }, target: citaTarget('a'), seen: { source: source({ kind: 'Snapshot', deployMethod: 'cloud-config', chain: 'test-chain', format: '0.2.3' }) } },
  { name: 'snapshot-by-export', kind: 'Snapshot', spec: { blockHeight: 99, pvcSize: '5Gi' }, more: { snapshot: { how: 'command', run, repeatable: true, heightPattern: 'x' } } },
  { name: 'snapshot-of-state', kind: 'Snapshot', spec: { blockHeight: 30, image: 'x/cita-node-job:v0.0.2', ...cloud }, target: citaTarget('a') },
  { name: 'fallback-beside-client', kind: 'BlockHeightFallback', spec: { blockHeight: 30 }, more: { rollback: { how: 'served', client: run, ready, asks: [{ ...height.ask, body: { a: 1 } }], height } } },
  { name: 'fallback-by-command', kind: 'BlockHeightFallback', spec: { blockHeight: 99 }, more: { rollback: { how: 'command', run, repeatable: false, oneStep: true, heightPattern: 'x', cleanFailure: 'y' } } },
  { name: 'fallback-of-another-tool', kind: 'BlockHeightFallback', spec: { blockHeight: 30, ...cloud }, target: citaTarget('a') },
  { name: 'change-of-owner', kind: 'ChangeOwner', spec: {} },
])('$name is as in its golden file', async ({ name, kind, spec, target = two, more, seen }) => {
  const view = viewFor(kind, [target], { ...seenAs(target, more), ...seen });
  const open = kindNamed(kind).open({ node: 'a', ...spec });
  expect(open.preflight(view)).toMatchObject({ go: true });
  await expect(`${JSON.stringify(open.plan(view), null, 2)}\n`).toMatchFileSnapshot(`../golden/jobs/plans/${name}.json`);
}); // prettier-ignore
