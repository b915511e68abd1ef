// What each kind accepts before a node is stopped, where it puts its copy, and what counts as its proof.

import { describe, expect, it } from 'vitest';

import type { JobTarget, JobTask } from '../../src/api/job-status.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { checkDestination } from '../../src/jobs/kinds/backup.ts';
import { engineParts, repositoryAt, storedCopy, type Storage } from '../../src/jobs/kinds/object-storage.ts';
import type { JobView } from '../../src/jobs/model/job-kind.ts';
import type { JobObservation, ObservedNode } from '../../src/jobs/model/observation.ts';
import { citaTarget, kindNamed, managedTarget, source, targetSeen, viewFor } from './support/fixtures.ts';

const cloud = { deployMethod: 'cloud-config', chain: 'test-chain' };
const far = { objectStorage: { name: 'offsite' } };
const run = { image: 'g', command: ['gaiad'], args: ['export'], mounts: [] } as const;
const sizeless = managedTarget('a', { volumes: [{ name: 'data', claim: 'data-a-0' }] });
const SIZELESS = 'UnknownSize: the PVCs of a name no size: set spec.pvcSize';
const answers = targetSeen(managedTarget('a')).answers!;

function seenAs(target: JobTarget, more: Partial<ObservedNode> = {}): Partial<JobObservation> {
  return { targets: new Map([[target.node, targetSeen(target, more)]]) };
}

/** The reason of a refusal, what is waited for, or the notes. */
function preflight(kind: string, spec: object, view: JobView): string {
  const answer = kindNamed(kind).open(spec).preflight(view);
  if (answer.go) return ['go', ...(answer.notes ?? [])].join(': ');
  return 'refuse' in answer ? `${answer.refuse.reason}: ${answer.refuse.message}` : answer.wait;
}

it.each([
  { kind: 'Backup', repairs: false, stops: true, whileRunning: 'works, unproven', startProof: 'started' },
  { kind: 'Snapshot', repairs: false, stops: true, whileRunning: { refused: 'a snapshot is of a stopped node' }, startProof: 'started' },
  { kind: 'Restore', repairs: true, stops: true, whileRunning: { refused: expect.stringContaining('never replaced') }, startProof: 'grows' },
  { kind: 'BlockHeightFallback', repairs: true, stops: true, whileRunning: { refused: expect.stringContaining('never changed') }, startProof: 'grows' },
  { kind: 'Switchover', repairs: false, stops: true, whileRunning: { refused: 'both nodes must be stopped' }, startProof: 'answers' },
  { kind: 'ChangeOwner', repairs: false, stops: true, whileRunning: 'works', startProof: 'answers' },
  { kind: 'Retention', repairs: false, stops: false, whileRunning: 'works', startProof: 'started' },
])('a $kind repairs a node: $repairs, stops it: $stops', ({ kind, stops, ...want }) => {
  const one = kindNamed(kind);
  const view = viewFor(kind, [managedTarget('a')], seenAs(managedTarget('a'), { answers: { ...answers, rollback: { how: 'command', run, repeatable: true, heightPattern: 'x' } } }));
  expect(one.open(one.example)).toMatchObject(want);
  expect(one.open(one.example).stops(view)).toBe(stops);
}); // prettier-ignore

describe('a Switchover', () => {
  const spec = { sourceNode: 'a', destNode: 'b' };
  const { identity: _identity, ...keyless } = managedTarget('b');
  const { identity: _account, ...accountless } = citaTarget('b');
  const refused = { ...answers, switchover: { how: 'refused', reason: 'has no signing key' } } as const;

  it.each<{ readonly because: string; readonly b: JobTarget; readonly more?: Partial<ObservedNode>; readonly says: string | RegExp }>([
    { because: 'two keys of one chain', b: managedTarget('b'), says: /^go$/ },
    { because: 'one and the same key', b: managedTarget('b', { identity: 'a-key' }), says: 'SameIdentity: a and b already have one and the same identity' },
    { because: 'another chain', b: managedTarget('b', { chain: 'x' }), says: 'WrongChain: a and b are not on the same chain and network' },
    { because: 'another network', b: managedTarget('b', { network: 'x' }), says: 'WrongChain: a and b are not on the same chain and network' },
    { because: 'a node without a key', b: keyless, says: 'NoIdentity: b has no identity to exchange: spec.identity is not set' },
    { because: 'a node of another tool without one', b: accountless, says: 'its StatefulSet has no volume "node-account"' },
    { because: 'what the chain refuses', b: managedTarget('b'), more: { answers: refused }, says: 'NotSupported: has no signing key' },
  ])('$because: $says', ({ b, more, says }) => {
    for (const nodes of [[managedTarget('a'), b], [b, managedTarget('a')]] as const) {
      const targets = new Map(nodes.map((node) => [node.node, targetSeen(node, node === b ? more : {})]));
      const found = preflight('Switchover', spec, viewFor('Switchover', nodes, { targets }));
      expect(found.replace('b and a', 'a and b')).toMatch(says);
    }
  }); // prettier-ignore
});

describe('a Restore', () => {
  const spec = { node: 'a', backup: 'nightly' };

  it.each<{ readonly because: string; readonly more: Parameters<typeof source>[0]; readonly target?: JobTarget; readonly says: string | RegExp }>([
    { because: 'a copy of this node', more: {}, says: /^go$/ },
    { because: 'a copy of a running node', more: { live: true }, says: 'go: Backup prod/nightly was taken from a running node' },
    { because: 'a copy that failed', more: { phase: 'Failed' }, says: 'SourceNotComplete: Backup prod/nightly ended Failed' },
    { because: 'data that was removed', more: { removed: 'last 1' }, says: 'SourceMissing: the data of Backup prod/nightly was removed (last 1)' },
    { because: 'no files', more: { files: 0 }, says: 'SourceEmpty: Backup prod/nightly holds no data' },
    { because: 'no bytes', more: { bytes: 0 }, says: 'SourceEmpty' },
    { because: 'no PVC on record', more: { pvcName: undefined as never }, says: 'SourceMissing: the PVC of Backup prod/nightly is gone' },
    { because: 'a VolumeSnapshot that is gone', more: { volumeSnapshots: [], missingSnapshots: ['x', 'y'] }, says: 'SourceMissing: VolumeSnapshot x and y of Backup prod/nightly is gone' },
    { because: 'the repository of another', more: { stored: { location: 'offsite', repository: 'x/y/z', snapshot: 'b' }, otherRepository: 'someone changed it' }, says: 'SourceMissing: Backup prod/nightly: someone changed it' },
    { because: 'another chain', more: { chain: 'x' }, says: 'WrongChain: Backup prod/nightly is of chain x, but a is on cosmos' },
    { because: 'another id of the chain', more: { chainId: 'x' }, target: managedTarget('a', { chainId: 'y' }), says: 'WrongChain: Backup prod/nightly is of chainId x, but a is on y' },
    { because: 'an id of the chain that only one has', more: { chainId: 'x' }, says: /^go$/ },
    { because: 'another client', more: { clients: ['el=geth'] }, target: managedTarget('a', { clients: ['el=reth'] }), says: 'WrongClient: Backup prod/nightly is of el=geth, but a runs el=reth' },
    { because: 'object storage', more: { stored: { location: 'offsite', repository: 'demo/prod/a', snapshot: 'b' } }, says: /^go$/ },
  ])('from $because: $says', ({ more, target = managedTarget('a'), says }) => {
    const found = Object.fromEntries(Object.entries(source(more)).filter(([, value]) => value !== undefined)) as ReturnType<typeof source>;
    expect(preflight('Restore', spec, viewFor('Restore', [target], { ...seenAs(target), source: found }))).toMatch(says);
  }); // prettier-ignore

  it('does not overwrite files whose owner is not known: its chain must be', () => {
    const { answers: _answers, ...unknown } = targetSeen(managedTarget('a'));
    const view = viewFor('Restore', [managedTarget('a')], { targets: new Map([['a', unknown]]), source: source() });
    expect(preflight('Restore', spec, view)).toBe('NodeMissing: the chain of a is not known any more');
  });

  it('of a named snapshot needs no record, and downloads the newest one of this node', () => {
    const named = { node: 'a', source: { objectStorage: { name: 'offsite' } } };
    const view = viewFor('Restore', [managedTarget('a')]);
    expect(preflight('Restore', named, view)).toBe('go');
    const plan = kindNamed('Restore').open(named).plan(view);
    const parameters = { verb: 'download', snapshot: 'latest', repository: { url: 's3:https://s3.example.com/backups/demo/prod/a' } };
    expect(plan).toMatchObject({ do: 'pods', pods: [{ parameters }] });
    const other = { ...named, source: { objectStorage: { name: 'offsite', executor: 'x', namespace: 'y', node: 'z', snapshot: 'bbbbbbbb' } } };
    expect(kindNamed('Restore').open(other).plan(view)).toMatchObject({ pods: [{ parameters: { snapshot: 'bbbbbbbb', repository: { url: expect.stringMatching(/x\/y\/z$/) } } }] });
  }); // prettier-ignore

  it.each([
    { because: 'a node that is not observed', given: { targets: new Map(), source: source() }, says: 'NodeMissing: the chain of a is not known any more' },
    { because: 'no source', given: {}, says: 'SourceMissing: Backup nightly does not exist, neither as an object nor as a record' },
  ])('is refused for $because', ({ given, says }) => {
    expect(preflight('Restore', spec, viewFor('Restore', [managedTarget('a')], given))).toBe(says);
  }); // prettier-ignore

  it.each([
    { because: 'is not usable', storage: { ok: false as const, message: 'no Secret' }, says: 'LocationUnusable: no Secret' },
    { because: 'was not checked yet', storage: undefined as never, says: 'LocationUnusable: the location in object storage was not checked yet' },
  ])('of a named snapshot is refused where its location $because', ({ storage, says }) => {
    const named = { node: 'a', source: { objectStorage: { name: 'offsite' } } };
    expect(preflight('Restore', named, viewFor('Restore', [managedTarget('a')], { storage }))).toBe(says);
  }); // prettier-ignore

  it('of another tool needs no word of a chain, and reads no repository that is not its own', () => {
    const { answers: _answers, ...chainless } = targetSeen(citaTarget('a'));
    const view = (more: Parameters<typeof source>[0]) =>
      viewFor('Restore', [citaTarget('a')], { targets: new Map([['a', chainless]]), source: source({ chain: 'test-chain', network: undefined as never, deployMethod: 'cloud-config', ...more }) });
    expect(preflight('Restore', { ...spec, ...cloud }, view({}))).toBe('go');
    const stored = { location: 'offsite', repository: 'x/y/z', snapshot: 'b' };
    const plan = kindNamed('Restore').open({ ...spec, ...cloud }).plan(view({ stored, otherRepository: 'someone changed it' }));
    expect(plan).toMatchObject({ refused: true, reason: 'SourceMissing', message: 'someone changed it' });
  }); // prettier-ignore

  it('waits for its source as long as that has not ended', () => {
    const open = kindNamed('Restore').open(spec);
    const of = (more: Partial<JobObservation>) => open.awaits?.(viewFor('Restore', [], more).observed);
    expect([of({}), of({ source: source() }), of({ source: source({ phase: 'Working' }) })]).toEqual([undefined, undefined, 'waits for Backup prod/nightly']);
  }); // prettier-ignore
});

describe('a Snapshot', () => {
  const spec = { node: 'a', blockHeight: 100 };
  const how = (snapshot: object) => ({ answers: { ...answers, snapshot: snapshot as never } });
  const command = { how: 'command', run, repeatable: true };
  const at = (height: number) => ({ health: { answering: true, height } });

  it.each<{ readonly because: string; readonly more?: Partial<ObservedNode>; readonly target?: JobTarget; readonly spec?: object; readonly says: string }>([
    { because: 'a copy at the height', says: 'go' },
    { because: 'a copy below it', more: at(99), says: 'waits until a has reached height 100' },
    { because: 'an export at the height', more: { ...how(command), ...at(100) }, says: 'waits until a has reached height 101' },
    { because: 'an export above it', more: { ...how(command), ...at(101) }, says: 'go' },
    { because: 'a node that did not run', target: managedTarget('a', { wasRunning: false }), more: at(1), says: 'go' },
    { because: 'a node that says no height', more: { health: { answering: false } }, says: 'go' },
    { because: 'a node whose health is not known', more: { health: undefined as never }, says: 'go' },
    { because: 'a node whose chain is not known', more: { answers: undefined as never }, says: 'NodeMissing: the chain of a is not known any more' },
    { because: 'a copy of no known size', target: sizeless, says: SIZELESS },
    { because: 'an export of no known size', target: sizeless, more: how(command), says: SIZELESS },
    { because: 'an export of another tool of no known size', target: citaTarget('a', { volumes: [{ name: 'data', claim: 'x' }] }), says: SIZELESS },
    { because: 'an export of another tool by an unknown one', target: citaTarget('a'), spec: { image: 'x:1' }, says: 'UnknownToolVersion: the tag of x:1 does not say which cloud-op it holds, and its verbs differ by version: set spec.toolVersion, e.g. "0.3.1"' },
    { because: 'an export of another tool by an old one', target: citaTarget('a', { consensus: undefined as never }), spec: { image: 'x:1', toolVersion: '0.2.4' }, says: 'UnknownConsensus: no container of a has an image consensus_bft, consensus_raft or consensus_overlord, and cloud-op 0.2.4 needs the consensus as an option: use cloud-op 0.3' },
    { because: 'a client that cannot', more: how({ how: 'refused', reason: 'no export' }), says: 'NotSupported: no export' },
    { because: 'a client that exports while it runs alone', more: how({ how: 'ask' }), says: 'NotSupported: the chain of a offers no export of a stopped node' },
    { because: 'an export in a location', more: how(command), spec: { destination: far }, says: 'NotSupported: a Snapshot of a is an export, which needs a PVC. Take out spec.destination, or file a Backup' },
    { because: 'an export of another tool in a location', target: citaTarget('a'), spec: { destination: far }, says: 'NotSupported: a Snapshot of a is an export, which needs a PVC. Take out spec.destination, or file a Backup' },
    { because: 'a node whose chain is not known, in a location', more: { answers: undefined as never }, spec: { destination: far }, says: 'NodeMissing: the chain of a is not known any more' },
    { because: 'a client that cannot, in a location', more: how({ how: 'refused', reason: 'no export' }), spec: { destination: far }, says: 'NotSupported: no export' },
    { because: 'a copy in a location', spec: { destination: far }, says: 'go' },
    { because: 'an export of another tool', target: citaTarget('a'), more: at(100), says: 'waits until a has reached height 101' },
  ])('of $because: $says', ({ target = managedTarget('a'), more, says, ...given }) => {
    const whole = { ...spec, ...given.spec, ...(target.deployMethod === 'managed' ? {} : cloud) };
    expect(preflight('Snapshot', whole, viewFor('Snapshot', [target], seenAs(target, more)))).toBe(says);
  }); // prettier-ignore

  it('that is an export seals what the client wrote', () => {
    const target = managedTarget('a');
    const plan = kindNamed('Snapshot')
      .open(spec)
      .plan(viewFor('Snapshot', [target], seenAs(target, how(command))));
    const origin = { live: false, height: 100, node: 'a' };
    expect(plan).toMatchObject({
      do: 'pods',
      pvc: { kind: 'PersistentVolumeClaim' },
      pods: [{ parameters: { verb: 'seal', volume: 'data', at: '/result/backup', origin }, unsafeWhenUnclear: false }],
    });
  });
});

describe('the proof', () => {
  const task: JobTask = {
    name: 'x',
    node: 'a',
    attempt: 1,
    intentAt: 't',
    manifestSha256: 'a'.repeat(64),
    files: 3,
    bytes: 9,
    outcome: 'Succeeded',
  };
  const { files: _files, ...countless } = task;
  const { manifestSha256: _manifest, ...unsealed } = task;
  const made = new Map([
    ['s1', { kind: 'VolumeSnapshot' }],
    ['p1', { kind: 'PersistentVolumeClaim' }],
    ['s2', { kind: 'VolumeSnapshot' }],
  ]) as never;
  const judge = (
    kind: string,
    given: { spec?: object; task?: JobTask; target?: JobTarget; more?: Partial<JobObservation>; live?: boolean },
  ) => {
    const { spec = kindNamed(kind).example, target = managedTarget('a'), more = {}, live = false } = given;
    const view = { ...viewFor(kind, [target], { ...seenAs(target), ...more }), live };
    return kindNamed(kind)
      .open(spec)
      .judge(view, given.task === undefined ? [] : [given.task]);
  };

  it.each<{ readonly because: string; readonly kind: string; readonly given: Parameters<typeof judge>[1]; readonly want: object }>([
    { because: 'a whole copy', kind: 'Backup', given: { task }, want: { ok: true, message: 'copied, and every file is in the manifest', height: 100 } },
    { because: 'a copy of a running node', kind: 'Backup', given: { task, live: true }, want: { ok: true, message: expect.stringContaining('not proven to be consistent') } },
    { because: 'VolumeSnapshots', kind: 'Backup', given: { task, more: { made } }, want: { ok: true, message: 'made VolumeSnapshot s1 and s2, and recorded what every file holds' } },
    { because: 'a copy in a location', kind: 'Backup', given: { task: { ...task, snapshotId: 'b', bytesAdded: 4 } }, want: { ok: true, stored: { location: 'offsite', repository: 'demo/prod/a', snapshot: 'b', bytesAdded: 4 } } },
    { because: 'an export by the client', kind: 'Snapshot', given: { task, spec: { node: 'a', blockHeight: 30 }, more: seenAs(managedTarget('a'), { answers: { ...answers, snapshot: { how: 'command', run, repeatable: true, heightPattern: 'x' } } }) }, want: { ok: true, message: 'the state at height 30 is exported', height: 30 } },
    { because: 'a Restore from a named snapshot', kind: 'Restore', given: { spec: { node: 'a', source: { objectStorage: { name: 'offsite' } } } }, want: { ok: true, message: 'the data of the newest snapshot in the location offsite is in place' } },
    { because: 'a Retention whose task left nothing', kind: 'Retention', given: {}, want: { ok: true, message: 'done' } },
    { because: 'an owner, by a task that left nothing', kind: 'ChangeOwner', given: {}, want: { ok: true, message: 'all files belong to 1000:1000' } },
    { because: 'a height', kind: 'BlockHeightFallback', given: { task: { ...task, height: 30 } }, want: { ok: true, height: 30 } },
    { because: 'another height', kind: 'BlockHeightFallback', given: { task: { ...task, height: 31 } }, want: { ok: false, reason: 'HeightNotProven', message: 'the work on a ended without an error, but reached height 31 instead of 30' } },
    { because: 'no height', kind: 'BlockHeightFallback', given: { task }, want: { ok: false, message: 'the work on a ended without an error, but does not say which height it reached instead of 30' } },
    { because: 'no manifest', kind: 'Backup', given: { task: unsealed }, want: { ok: false, reason: 'NoManifest', unsafe: false } },
    { because: 'no task', kind: 'Backup', given: {}, want: { ok: false, reason: 'NoManifest' } },
    { because: 'no files', kind: 'Backup', given: { task: countless }, want: { ok: false, reason: 'EmptyBackup', message: expect.stringMatching(/^the copy of a has 0 files with 9 bytes/), unsafe: false } },
    { because: 'no bytes', kind: 'Backup', given: { task: { ...task, bytes: 0 } }, want: { ok: false, reason: 'EmptyBackup' } },
    { because: 'a copy, of a Snapshot', kind: 'Snapshot', given: { task }, want: { ok: true, message: 'copied, and every file is in the manifest' } },
    { because: 'an export', kind: 'Snapshot', given: { task, target: citaTarget('a'), spec: { node: 'a', blockHeight: 30, ...cloud } }, want: { ok: true, message: 'the state at height 30 is exported', height: 30, format: expect.stringMatching(/^\d+\.\d+\.\d+$/) } },
    { because: 'an export at another height', kind: 'Snapshot', given: { task: { ...task, height: 31 }, target: citaTarget('a'), spec: { node: 'a', blockHeight: 30, ...cloud } }, want: { ok: true, height: 31 } },
    { because: 'an export without a manifest', kind: 'Snapshot', given: { task: unsealed, target: citaTarget('a'), spec: { node: 'a', blockHeight: 30, ...cloud } }, want: { ok: false, reason: 'NoManifest' } },
    { because: 'a Restore', kind: 'Restore', given: { task, more: { source: source() } }, want: { ok: true, message: 'the data of Backup prod/nightly is in place', height: 90 } },
    { because: 'a Restore with a height of its own', kind: 'Restore', given: { task: { ...task, height: 91 }, more: { source: source() } }, want: { ok: true, height: 91 } },
    { because: 'a Restore whose record is gone', kind: 'Restore', given: { task }, want: { ok: true, message: expect.stringMatching(/^the data of Backup \S+ is in place$/) } },
    { because: 'an owner', kind: 'ChangeOwner', given: { task }, want: { ok: true, message: '3 files belong to 1000:1000' } },
    { because: 'an owner, uncounted', kind: 'ChangeOwner', given: { task: countless }, want: { ok: true, message: 'all files belong to 1000:1000' } },
    { because: 'an exchange', kind: 'Switchover', given: {}, want: { ok: true, message: 'a and b have exchanged their identities' } },
    { because: 'a Retention', kind: 'Retention', given: { task: { ...task, message: '2 removed' } }, want: { ok: true, message: '2 removed' } },
    { because: 'a Retention without words', kind: 'Retention', given: { task }, want: { ok: true, message: 'done' } },
  ])('of a $kind: $because', ({ kind, given, want }) => {
    expect(judge(kind, given)).toMatchObject(want);
  }); // prettier-ignore
});

describe('a copy in object storage', () => {
  const storage: Storage = { ok: true, location: 'offsite', base: 's3:x', secret: 'keys', executor: 'demo' };
  const job = { kind: 'Backup', namespace: 'prod', name: 'one', uid: 'u' };

  it('is uploaded, or refused before the stop where its location is not usable', () => {
    const spec = { node: 'a', destination: far };
    const target = managedTarget('a');
    const open = kindNamed('Backup').open(spec);
    expect(open.plan(viewFor('Backup', [target]))).toMatchObject({ do: 'pods', pods: [{ parameters: { verb: 'upload' }, engine: { secret: 'backup-keys' } }] });
    expect(open.whileRunning).toMatchObject({ refused: expect.stringContaining('the location offsite is of a stopped node') });
    for (const kind of ['Backup', 'Retention'])
      expect(preflight(kind, { ...kindNamed(kind).example, ...spec }, viewFor(kind, [target], { storage: { ok: false, message: 'no Secret' } as never }))).toBe('LocationUnusable: no Secret');
  }); // prettier-ignore

  it('is on record as far as its task says where it is', () => {
    const target = managedTarget('a');
    const at = (more: Partial<JobObservation>) => storedCopy(viewFor('Backup', [target], more), { snapshotId: 'b' });
    expect(at({})).toEqual({ location: 'offsite', repository: 'demo/prod/a', snapshot: 'b' });
    expect(at({ storage: { ok: false, message: 'no Secret' } })).toBeUndefined();
    for (const task of [undefined, {}]) expect(storedCopy(viewFor('Backup', [target]), task)).toBeUndefined();
  });

  it('is removed by a Retention of a node that is there', () => {
    const { example } = kindNamed('Retention');
    expect(preflight('Retention', example, viewFor('Retention', [managedTarget('a')]))).toBe('go');
    expect(preflight('Retention', example, viewFor('Retention', []))).toBe('NodeMissing: a is not known');
  });

  it('reads the certificate of its location where it has one, and its region', () => {
    expect(repositoryAt(storage, 'a/b/c')).toEqual({ location: 'offsite', url: 's3:x/a/b/c' });
    const private_ = { ...storage, region: 'eu', caSecret: 'ca' };
    expect(repositoryAt(private_, 'a/b/c')).toEqual({ location: 'offsite', url: 's3:x/a/b/c', region: 'eu', ca: '/backup-ca/ca.crt' });
    const parts = engineParts(private_, job, managedTarget('a'));
    expect(parts.volumes).toContainEqual({ name: 'engine-ca', secret: 'ca' });
    expect(parts.mounts).toContainEqual({ volume: 'engine-ca', path: '/backup-ca', readOnly: true });
    expect(engineParts(storage, job, managedTarget('a')).mounts).toEqual([{ volume: 'engine', path: '/backup' }]);
  }); // prettier-ignore

  it.each([
    { because: 'a PVC', spec: { storageClass: 'x' }, want: [] },
    { because: 'a location', spec: { destination: far }, want: [] },
    { because: 'a location with a class and a size', spec: { destination: far, storageClass: 'x', pvcSize: '1Gi' }, want: ['spec.storageClass', 'spec.pvcSize'] },
    { because: 'neither', spec: { destination: {} }, want: ['spec.destination'] },
    { because: 'both', spec: { destination: { ...far, volumeSnapshot: {} } }, want: ['spec.destination'] },
    { because: 'VolumeSnapshots', spec: { destination: { volumeSnapshot: {} } }, want: [] },
    { because: 'VolumeSnapshots of another tool', spec: { destination: { volumeSnapshot: {} } }, method: 'helm', want: ['spec.destination.volumeSnapshot'] },
    { because: 'a location of another tool', spec: { destination: far }, method: 'helm', want: [] },
  ])('$because is checked: $want', ({ spec, method = 'managed', want }) => {
    expect(checkDestination(spec as never, method).map(({ path }) => path.join('.'))).toEqual(want);
  }); // prettier-ignore
});

describe('a BlockHeightFallback', () => {
  const rollback = (one: object) => ({ answers: { ...answers, rollback: one as never } });
  const height = { ask: { id: 'h', role: 'el', port: 1, method: 'GET', path: '/' }, at: [], format: 'hex' };
  const served = { how: 'served', client: run, asks: [], height };
  const { height: _height, ...unmeasured } = managedTarget('a');

  it.each<{ readonly because: string; readonly more: Partial<ObservedNode>; readonly target?: JobTarget; readonly blockHeight?: number; readonly says: string | RegExp }>([
    { because: 'any height below', more: rollback(served), says: /^go$/ },
    { because: 'any height, of a client that needs no height', more: { ...rollback(served), health: { answering: false } }, target: unmeasured, says: /^go$/ },
    { because: 'further than it reaches', more: rollback({ ...served, reach: 20 }), says: /^TooFarBack: the client of a goes back at most 20 heights: from 100 to 80, not to 50\./ },
    { because: 'further than one step', more: rollback({ how: 'command', run, repeatable: false, oneStep: true }), says: /^TooFarBack: the client of a goes back exactly one height: from 100 to 99, not to 50\./ },
    { because: 'any height, of a command with more steps', more: rollback({ how: 'command', run, repeatable: false }), says: /^go$/ },
    { because: 'before the height is known', more: { ...rollback(served), health: undefined as never }, target: unmeasured, says: /^waits until a reports its height$/ },
    { because: 'before the height is known, with one on record', more: { ...rollback(served), health: undefined as never }, says: /^go$/ },
    { because: 'a node that does not run, at an unknown height', more: { ...rollback(served), health: undefined as never, pods: [] }, target: unmeasured, says: /^go$/ },
    { because: 'further than may be known, of one that runs', more: { ...rollback({ ...served, reach: 20 }), health: { answering: false }, pods: [] }, target: unmeasured, says: /^waits until a reports its height$/ },
    { because: 'further than may be known, of one that was started', more: { ...rollback({ ...served, reach: 20 }), health: { answering: false } }, target: { ...unmeasured, wasRunning: false }, says: /^waits until a reports its height$/ },
    { because: 'further than may be known, of one that is stopped', more: { ...rollback({ ...served, reach: 20 }), health: { answering: false }, pods: [] }, target: { ...unmeasured, wasRunning: false }, says: /^HeightUnknown: the client of a goes back at most 20 heights, and its height is not known$/ },
    { because: 'what the client refuses', more: rollback({ how: 'refused', reason: 'pruned' }), says: /^NotSupported: pruned$/ },
    { because: 'where the chain says nothing', more: { answers: undefined as never }, says: /^NotSupported: the chain of a does not say how it goes back to height 50$/ },
    { because: 'the height that it has now, not the one on record', more: { ...rollback(served), health: { answering: true, height: 40 } }, says: /^HeightNotBelow: a is at height 40; 50 is not below that$/ },
  ])('$because: $says', ({ more, target = managedTarget('a'), blockHeight = 50, says }) => {
    const view = viewFor('BlockHeightFallback', [target], seenAs(target, more));
    expect(preflight('BlockHeightFallback', { node: 'a', blockHeight }, view)).toMatch(says);
  }); // prettier-ignore

  it('with a running client stops no node, and takes one at a time', () => {
    const ask = rollback({ how: 'ask', asks: [], height });
    const nodes = ['a', 'b'].map((name) => managedTarget(name));
    const targets = new Map(nodes.map((node) => [node.node, targetSeen(node, ask)]));
    const spec = { nodes: ['a', 'b'], blockHeight: 50 };
    const view = viewFor('BlockHeightFallback', nodes, { targets });
    expect(preflight('BlockHeightFallback', spec, view)).toBe('NotSupported: a goes back while it runs; several nodes at once must be stopped');
    const one = viewFor('BlockHeightFallback', nodes.slice(0, 1), { targets });
    const open = kindNamed('BlockHeightFallback').open({ node: 'a', blockHeight: 50 });
    expect([open.stops(one), valueAt(open.plan(one), ['do']), valueAt(open.plan(one), ['wanted'])]).toEqual([false, 'ask', 50]);
  }); // prettier-ignore

  it('of several nodes is refused for each, and stops them when one of them must be', () => {
    const nodes = ['a', 'b'].map((name) => managedTarget(name));
    const seen = (b: Partial<ObservedNode>) =>
      viewFor('BlockHeightFallback', nodes, { targets: new Map(nodes.map((node) => [node.node, targetSeen(node, node.node === 'b' ? b : rollback(served))])) });
    const spec = { nodes: ['a', 'b'], blockHeight: 50 };
    expect(preflight('BlockHeightFallback', spec, seen({ ...rollback(served), health: { answering: true, height: 40 } }))).toMatch(/^HeightNotBelow: b is/);
    expect(kindNamed('BlockHeightFallback').open(spec).stops(seen(rollback({ how: 'ask', asks: [], height })))).toBe(true);
  }); // prettier-ignore

  it('needs nodes that are observed, unless another tool runs them', () => {
    const spec = { node: 'a', blockHeight: 50 };
    const none = { targets: new Map() };
    expect(preflight('BlockHeightFallback', spec, viewFor('BlockHeightFallback', [managedTarget('a')], none))).toMatch(/^NotSupported: the chain of a/);
    expect(preflight('BlockHeightFallback', { ...spec, ...cloud }, viewFor('BlockHeightFallback', [citaTarget('a')], none))).toBe('go');
    const { health: _health, ...silent } = targetSeen(citaTarget('a'));
    const { height: _known, ...unknown } = citaTarget('a');
    expect(preflight('BlockHeightFallback', { ...spec, ...cloud }, viewFor('BlockHeightFallback', [unknown], { targets: new Map([['a', silent]]) }))).toBe('go');
  }); // prettier-ignore

  it.each([
    { because: 'a whole chain', spec: { nodes: ['a', 'b'] }, clean: true },
    { because: 'a whole chain that keeps it', spec: { nodes: ['a', 'b'], deleteConsensusData: false }, clean: false },
    { because: 'one node', spec: { node: 'a' }, clean: false },
    { because: 'one node that is to lose it', spec: { node: 'a', deleteConsensusData: true }, clean: true },
  ])('of $because removes the consensus log: $clean', ({ spec, clean }) => {
    const view = viewFor('BlockHeightFallback', [citaTarget('a')]);
    const planned = (more: object) => kindNamed('BlockHeightFallback').open({ ...cloud, ...spec, ...more, blockHeight: 50 }).plan(view);
    expect(JSON.stringify(planned({})).includes('"--clean"')).toBe(clean);
    expect(planned({ image: 'x:1', toolVersion: '0.2.3' })).toMatchObject(clean ? { refused: true, reason: 'ToolTooOld' } : { do: 'pods' });
  }); // prettier-ignore
});

describe('what is done', () => {
  it.each<{ readonly kind: string; readonly spec: object; readonly stopped: readonly string[]; readonly says: string }>([
    { kind: 'BlockHeightFallback', spec: { node: 'a', blockHeight: 5 }, stopped: [], says: 'brings a back to height 5, stopped meanwhile where the client needs that; later blocks are removed' },
    { kind: 'BlockHeightFallback', spec: { node: 'a', blockHeight: 5 }, stopped: ['a'], says: 'brings a back to height 5; later blocks are removed; does not start a: spec.desiredState is Stopped' },
    { kind: 'BlockHeightFallback', spec: { nodes: ['a', 'b'], blockHeight: 5 }, stopped: ['a'], says: 'brings a and b back to height 5, stopped meanwhile where the client needs that; later blocks are removed; does not start a: spec.desiredState is Stopped' },
    { kind: 'Retention', spec: kindNamed('Retention').example, stopped: [], says: 'removes backups of the schedule nightly from the location offsite; a keeps running' },
    { kind: 'Retention', spec: kindNamed('Retention').example, stopped: ['a'], says: 'removes backups of the schedule nightly from the location offsite; a stays stopped' },
    { kind: 'Switchover', spec: { sourceNode: 'a', destNode: 'b' }, stopped: [], says: 'stops a and b, exchanges the keys they sign with, and starts them again. When it is complete, exchange spec.identity.secretName in the files of both nodes' },
    { kind: 'Switchover', spec: { sourceNode: 'a', destNode: 'b', ...cloud }, stopped: [], says: 'stops a and b, exchanges the keys they sign with, and starts them again' },
    { kind: 'Restore', spec: { node: 'a', source: { objectStorage: { name: 'offsite', snapshot: 'bbbbbbbb' } } }, stopped: [], says: 'stops a, replaces its data by bbbbbbbb in the location offsite (its keys stay), and starts it again' },
  ])('by a $kind with $stopped stopped is said in a plan', ({ kind, spec, stopped, says }) => {
    expect(kindNamed(kind).open(spec).effect(stopped)).toBe(says);
  }); // prettier-ignore
});
