// Observations of every kind → phase, reason, and what a waiter would conclude.

import { describe, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { Observation, Pause } from '../../src/status/observation.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { aClaim, aNode, aPod, aSet, ago, crashed, facts, NOW, observe, running, unscheduled, waiting, withStatus } from './builders.ts'; // prettier-ignore

interface Row {
  readonly because: string;
  readonly seen: Partial<Observation>;
  readonly phase: string;
  readonly reason: string;
  readonly stalled?: boolean;
  readonly says?: RegExp;
}

const containers = (...list: unknown[]): Partial<Observation> => ({ pods: [aPod({ containers: list })] });
const stopped = aNode({ desiredState: 'Stopped' });

/** A pod whose machine has waited this long for its volumes. */
function unmounted(seconds: number): KubeObject {
  const volumes = [
    { name: 'data', persistentVolumeClaim: { claimName: 'data-eth-0-0' } },
    { name: 'a', secret: { secretName: 'val-0-key' } },
    { name: 'b', configMap: { name: 'genesis' } },
  ];
  const unready = { type: 'PodReadyToStartContainers', status: 'False', lastTransitionTime: ago(seconds) };
  return aPod({
    spec: { volumes },
    inits: [waiting('init', 'PodInitializing')],
    containers: [waiting('el', 'PodInitializing')],
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }, unready] },
  });
}

const pause: Pause = { message: 'A backup reads the data.', by: 'Backup novacula-system/b1' };
function anEvent(
  reason: string,
  message: string,
  { seconds = 5, about = 'StatefulSet/eth-0' }: { readonly seconds?: number; readonly about?: string } = {},
): KubeObject {
  const [kind, name] = about.split('/');
  const involvedObject = { kind, name };
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject,
    reason,
    message,
    lastTimestamp: ago(seconds),
  };
}

const silence = { reach: 'unreachable', message: 'nothing listens there' } as const;
const only = (seen: Observation['facts']): Observation['facts'] => seen;

/** Reasons of nodes whose clients run at the tip: what is wrong with the last three is the spec's way into the cluster. */
const SYNCED = new Set(['Running', 'Updating', 'InvalidPatch', 'EditedByHand']);
const READY = new Set(['Running', 'Stopped']);

const kubernetes: Row[] = [
  { because: 'nothing exists yet', seen: { statefulSet: undefined, pods: [], pvcs: [] }, phase: 'Pending', reason: 'Creating' },
  { because: 'its StatefulSet is gone', seen: { node: withStatus(aNode(), { appliedRevision: 'main@sha1:1' }), statefulSet: undefined, pods: [] }, phase: 'Pending', reason: 'ObjectDeleted' },
  { because: 'its StatefulSet is gone while it is suspended', seen: { node: withStatus(aNode({ suspend: true }), { appliedRevision: 'main@sha1:1' }), suspension: { by: 'Node' }, statefulSet: undefined, pods: [] }, phase: 'Pending', reason: 'ObjectDeleted', says: /Remove spec.suspend/ },
  { because: 'the pod is not made yet', seen: { pods: [] }, phase: 'Pending', reason: 'WaitingForPod' },
  { because: 'a quota is named when an Event of the StatefulSet reports it', seen: { pods: [], events: [anEvent('FailedCreate', 'exceeded quota: small')] }, phase: 'Pending', reason: 'WaitingForPod', says: /cannot create the pod: exceeded quota: small/ },
  { because: 'no cause is guessed without an Event', seen: { pods: [] }, phase: 'Pending', reason: 'WaitingForPod', says: /^The StatefulSet controller has not created the pod yet\.$/ },
  { because: 'an Event from before the last pod is no cause', seen: { pods: [], events: [anEvent('FailedCreate', 'exceeded quota: small', { seconds: 50 }), anEvent('SuccessfulCreate', 'create Pod')] }, phase: 'Pending', reason: 'WaitingForPod', says: /not created the pod yet/ },
  { because: 'a client that answers while its readiness probe fails', seen: containers(running('el', { ready: false }), running('cl')), phase: 'Configuring', reason: 'NotReady', says: /^el is not ready/ },
  { because: 'a pod that is not ready for another reason', seen: { pods: [aPod({ status: { conditions: [{ type: 'PodScheduled', status: 'True' }, { type: 'Ready', status: 'False' }] } })] }, phase: 'Configuring', reason: 'NotReady', says: /^The pod is not ready/ },
  { because: 'no Kubernetes node has room', seen: { pods: [unscheduled('0/3 nodes are available: 3 Insufficient memory.')] }, phase: 'Pending', reason: 'WaitingForScheduler', says: /3 Insufficient memory/ },
  { because: 'the scheduler has not looked', seen: { pods: [aPod({ spec: { nodeName: undefined }, containers: [], status: { phase: 'Pending', conditions: [] } })] }, phase: 'Pending', reason: 'WaitingForScheduler', says: /not considered/ },
  { because: 'the claim finds no volume', seen: { pods: [unscheduled('pod has unbound immediate PersistentVolumeClaims')], pvcs: [aClaim('Pending')] }, phase: 'Pending', reason: 'VolumePending', says: /class fast/ },
  { because: 'an Event of the PVC says why it has no volume', seen: { pods: [unscheduled('pod has unbound immediate PersistentVolumeClaims')], pvcs: [aClaim('Pending')], events: [anEvent('ProvisioningFailed', 'storageclass "fast" not found', { about: `PersistentVolumeClaim/${aClaim('Pending').metadata.name}` })] }, phase: 'Pending', reason: 'VolumePending', says: /check that the StorageClass exists .* Kubernetes reports: storageclass "fast" not found/ },
  { because: 'a volume is being made', seen: { pods: [unscheduled('')], pvcs: [aClaim('Pending', { annotations: { 'volume.kubernetes.io/selected-node': 'm1' } })] }, phase: 'Configuring', reason: 'VolumeBinding' },
  { because: 'missing memory is reported although a PVC waits for its first consumer', seen: { pods: [unscheduled('0/1 nodes are available: 1 Insufficient cpu.')], pvcs: [aClaim('Pending')] }, phase: 'Pending', reason: 'WaitingForScheduler' },
  { because: 'a volume is gone', seen: { pvcs: [aClaim('Lost')] }, phase: 'Error', reason: 'VolumeLost', stalled: true },
  { because: 'the containers are being made', seen: { pods: [aPod({ containers: [], status: { phase: 'Pending' } })] }, phase: 'Configuring', reason: 'CreatingContainers' },
  { because: 'images are being pulled', seen: containers(waiting('el', 'ContainerCreating'), waiting('cl', 'ContainerCreating')), phase: 'Configuring', reason: 'CreatingContainers' },
  { because: 'the first pull failed', seen: containers(waiting('el', 'ErrImagePull'), running('cl')), phase: 'Error', reason: 'ErrImagePull', says: /example\/el:1/ },
  { because: 'pulls keep failing', seen: containers(waiting('el', 'ImagePullBackOff'), running('cl')), phase: 'Error', reason: 'ImagePullBackOff', stalled: true, says: /tag exists, in spec.clients, spec.sidecars or a patch/ },
  { because: 'the image name is wrong', seen: containers(waiting('el', 'InvalidImageName')), phase: 'Error', reason: 'InvalidImageName', stalled: true, says: /spec.clients, spec.sidecars or a patch/ },
  { because: 'the image may not be pulled', seen: containers(waiting('el', 'ErrImageNeverPull')), phase: 'Error', reason: 'ErrImageNeverPull', stalled: true },
  { because: 'a Secret is missing', seen: containers(waiting('el', 'CreateContainerConfigError', 'secret "k" not found')), phase: 'Error', reason: 'CreateContainerConfigError', stalled: true, says: /secret "k" not found/ },
  { because: 'the command does not exist', seen: containers(waiting('el', 'RunContainerError', 'exec: "gethh": not found')), phase: 'Error', reason: 'RunContainerError', says: /gethh/ },
  { because: 'a machine waits for a Secret that does not exist', seen: { pods: [unmounted(300)] }, phase: 'Error', reason: 'VolumesNotReady', says: /Secret val-0-key, ConfigMap genesis exist/ },
  { because: 'a disk may take a while to be attached', seen: { pods: [unmounted(60)] }, phase: 'Configuring', reason: 'Initializing' },
  { because: 'the data are being prepared', seen: { pods: [aPod({ inits: [running('init')], containers: [waiting('el', 'PodInitializing')] })] }, phase: 'Configuring', reason: 'Initializing' },
  { because: 'preparing failed', seen: { pods: [aPod({ inits: [crashed('init', { exitCode: 2, message: 'bad genesis' })], containers: [waiting('el', 'PodInitializing')] })] }, phase: 'Error', reason: 'InitFailed', stalled: true, says: /exit code 2: bad genesis/ },
  { because: 'preparing failed once and is being tried again', seen: { pods: [aPod({ inits: [running('init', { lastState: { terminated: { exitCode: 3 } } })], containers: [waiting('el', 'PodInitializing')] })] }, phase: 'Error', reason: 'InitFailed', stalled: true },
  { because: "the init container's image is missing", seen: { pods: [aPod({ inits: [waiting('init', 'ImagePullBackOff')], containers: [waiting('el', 'PodInitializing')] })] }, phase: 'Error', reason: 'ImagePullBackOff', stalled: true },
  { because: 'a finished init container says nothing', seen: { pods: [aPod({ inits: [running('init', { state: { terminated: { exitCode: 0 } } })] })] }, phase: 'Running', reason: 'Running' },
  { because: 'the client crashes again and again', seen: containers(crashed('el', { exitCode: 1, reason: 'Error', message: 'Fatal: bad flag\n' }), running('cl')), phase: 'Error', reason: 'CrashLoopBackOff', stalled: true, says: /exit code 1: Fatal: bad flag/ },
  { because: 'the cause stands before the stack trace', seen: containers(crashed('el', { exitCode: 2, message: 'x\npanic: database corrupted\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1\n' }), running('cl')), phase: 'Error', reason: 'CrashLoopBackOff', stalled: true, says: /exit code 2: panic: database corrupted;/ },
  { because: 'a password in last words is hidden', seen: containers(crashed('el', { message: 'url https://u:hunter2@x' })), phase: 'Error', reason: 'CrashLoopBackOff', stalled: true, says: /\[redacted\]@x/ },
  { because: 'too little memory', seen: containers(crashed('el', { exitCode: 137, reason: 'OOMKilled' })), phase: 'Error', reason: 'OOMKilled', stalled: true, says: /spec.resources/ },
  { because: 'the disk is full', seen: containers(crashed('el', { message: 'write /data: no space left on device' })), phase: 'Error', reason: 'DiskFull', stalled: true, says: /spec.storage/ },
  { because: 'the disk is nearly full, and geth ends itself orderly', seen: containers(crashed('el', { exitCode: 0, message: 'Low disk space. Gracefully shutting down Geth' })), phase: 'Error', reason: 'DiskFull', stalled: true, says: /spec.storage/ },
  { because: 'the client ended for the first time', seen: containers(running('el', { ready: false, state: { terminated: { exitCode: 1, reason: 'Error', message: '' } } })), phase: 'Error', reason: 'ContainerExited' },
  { because: 'a sidecar that crashes is a fault of the node', seen: containers(running('el'), running('cl'), crashed('helper', {})), phase: 'Error', reason: 'CrashLoopBackOff', stalled: true, says: /helper/ },
  { because: 'the machine threw the pod out', seen: { pods: [aPod({ status: { phase: 'Failed', reason: 'Evicted', message: 'low on resource: memory' } })] }, phase: 'Error', reason: 'Evicted', says: /memory/ },
  { because: "the machine's disk is nearly full", seen: { pods: [aPod({ status: { phase: 'Failed', reason: 'Evicted', message: 'The node had condition: [DiskPressure].' } })] }, phase: 'Error', reason: 'DiskPressure' },
  { because: 'the machine is lost', seen: { pods: [aPod({ status: { phase: 'Unknown', reason: 'NodeLost' } })] }, phase: 'Error', reason: 'MachineUnreachable' },
  { because: 'a restart is under way', seen: { pods: [aPod({ metadata: { deletionTimestamp: ago(5) } })] }, phase: 'Configuring', reason: 'Restarting' },
  { because: 'a client that shuts down for minutes and answers no more is no fault', seen: { pods: [aPod({ metadata: { deletionTimestamp: ago(-200) } })], facts: new Map(), answeredAt: new Map([['el', NOW - 100_000], ['cl', NOW - 100_000]]) }, phase: 'Configuring', reason: 'Restarting' },
  { because: 'the pod does not go', seen: { pods: [aPod({ metadata: { deletionTimestamp: ago(300) } })] }, phase: 'Error', reason: 'PodStuckTerminating', stalled: true },
  { because: 'one of two clients is not in the pod yet', seen: containers(running('el')), phase: 'Configuring', reason: 'Starting' },
  { because: 'the pod is of the old spec', seen: { statefulSet: aSet(1, 'r2') }, phase: 'Running', reason: 'Updating' },
]; // prettier-ignore

const wishes: Row[] = [
  { because: 'stopping: the pod is still there', seen: { node: stopped, statefulSet: aSet(0) }, phase: 'Stopping', reason: 'Stopping' },
  { because: 'stopping: the StatefulSet was not scaled yet', seen: { node: stopped, pods: [] }, phase: 'Stopping', reason: 'Stopping' },
  { because: 'stopped', seen: { node: stopped, statefulSet: aSet(0), pods: [] }, phase: 'Stopped', reason: 'Stopped' },
  { because: 'stopped before it was created', seen: { node: stopped, statefulSet: undefined, pods: [] }, phase: 'Stopped', reason: 'Stopped' },
  { because: 'its StatefulSet was scaled to zero by hand', seen: { statefulSet: aSet(0), pods: [] }, phase: 'Pending', reason: 'WaitingForPod' },
  { because: 'a job has it stopped', seen: { pause, statefulSet: aSet(0), pods: [] }, phase: 'Stopped', reason: 'Paused' },
  { because: 'a job is having it stopped', seen: { pause, statefulSet: aSet(0) }, phase: 'Stopping', reason: 'Stopping' },
  { because: 'created suspended', seen: { node: aNode({ suspend: true }), suspension: { by: 'Node' }, statefulSet: undefined, pods: [], pvcs: [] }, phase: 'Pending', reason: 'Suspended', says: /never created/ },
  { because: 'suspended while it runs', seen: { node: aNode({ suspend: true }) }, phase: 'Running', reason: 'Running' },
  { because: 'being deleted', seen: { node: aNode({}, { deletionTimestamp: ago(1) }) }, phase: 'Stopping', reason: 'Deleting' },
  { because: 'what can not be rendered does not run', seen: { statefulSet: undefined, pods: [], trouble: { reason: 'InvalidSpec', message: 'x', stalled: true } }, phase: 'Error', reason: 'InvalidSpec', stalled: true },
  { because: 'a running node with a spec that can not be applied runs on', seen: { trouble: { reason: 'InvalidPatch', message: 'forbidden', stalled: true } }, phase: 'Running', reason: 'InvalidPatch', stalled: true },
  { because: 'a spec that is not applied yet because of an edit by hand', seen: { trouble: { reason: 'EditedByHand', message: 'x', stalled: false } }, phase: 'Running', reason: 'EditedByHand' },
]; // prettier-ignore

const clients: Row[] = [
  { because: 'all is well', seen: {}, phase: 'Running', reason: 'Running' },
  { because: 'the client says that it is syncing', seen: { facts: facts({ syncing: true, progress: 0.5 }) }, phase: 'Syncing', reason: 'Syncing' },
  { because: 'either client can be the one that syncs', seen: { facts: facts({}, { syncing: true }) }, phase: 'Syncing', reason: 'Syncing', says: /lighthouse \(cl\)/ },
  { because: 'another network on the disk', seen: { facts: facts({ chainId: '1' }) }, phase: 'Error', reason: 'WrongNetwork', stalled: true, says: /chain 1 but should be on 560048/ },
  { because: 'no peers', seen: { facts: facts({ peers: 0 }) }, phase: 'Syncing', reason: 'NoPeers' },
  { because: 'the only validator of a network makes blocks without peers', seen: { facts: facts({ peers: 0 }), risenAt: new Map([['el', NOW - 20_000]]) }, phase: 'Running', reason: 'Running' },
  { because: 'without peers and without new blocks it waits for peers', seen: { facts: facts({ peers: 0 }), risenAt: new Map([['el', NOW - 90_000]]) }, phase: 'Syncing', reason: 'NoPeers' },
  { because: 'synced by its own word, but the head is old', seen: { facts: facts({ headTime: NOW / 1000 - 120 }) }, phase: 'Syncing', reason: 'HeadTooOld' },
  { because: 'no block for long', seen: { facts: facts({ headTime: NOW / 1000 - 7200 }) }, phase: 'Error', reason: 'Halted', says: /Compare/ },
  { because: 'far behind the target it knows', seen: { facts: facts({ target: 1_500 }) }, phase: 'Syncing', reason: 'Lagging' },
  { because: 'two behind is the tip', seen: { facts: facts({ target: 1_002 }) }, phase: 'Running', reason: 'Running' },
  { because: 'block 0 waits for the consensus client', seen: { facts: facts({ height: 0, headTime: 1 }) }, phase: 'Syncing', reason: 'WaitingForConsensusClient' },
  { because: 'block 0 of a single client waits for peers', seen: { facts: facts({}, { height: 0 }) }, phase: 'Syncing', reason: 'WaitingForFirstBlock' },
  { because: 'synced is not believed without a head', seen: { facts: facts({ headTime: undefined } as never) }, phase: 'Syncing', reason: 'HeadUnknown' },
  { because: 'the consensus client lost its engine', seen: { facts: facts({}, { alarm: { reason: 'ExecutionOffline', message: 'geth does not answer' } }) }, phase: 'Error', reason: 'ExecutionOffline' },
  { because: 'an engine that starts is the cause, not the complaint about it', seen: { pods: [aPod({ containers: [running('el', { started: false }), running('cl')] })], facts: facts({ reach: 'starting' }, { alarm: { reason: 'ExecutionOffline', message: 'x' } }) }, phase: 'Configuring', reason: 'Starting' },
  { because: 'an engine that crashed is the cause', seen: { ...containers(crashed('el', {}), running('cl')), facts: facts({}, { alarm: { reason: 'ExecutionOffline', message: 'x' } }) }, phase: 'Error', reason: 'CrashLoopBackOff', stalled: true },
  { because: 'the client opens its database', seen: { facts: facts({ reach: 'starting' }) }, phase: 'Configuring', reason: 'Starting' },
  { because: 'a young client may be silent', seen: { ...containers(running('el', { state: { running: { startedAt: ago(30) } } }), running('cl')), facts: facts(silence) }, phase: 'Configuring', reason: 'Starting' },
  { because: 'an old client may not', seen: { facts: facts(silence) }, phase: 'Error', reason: 'Unreachable', says: /nothing listens/ },
  { because: 'a client that answered and went silent may not, however young', seen: { ...containers(running('el', { state: { running: { startedAt: ago(200) } } }), running('cl')), facts: facts(silence), answeredAt: new Map([['el', NOW - 100_000]]) }, phase: 'Error', reason: 'Unreachable' },
  { because: 'something else listens on the port', seen: { facts: facts({ reach: 'unreadable', message: 'HTML' }) }, phase: 'Error', reason: 'NotAnswering' },
  { because: 'a client that was not asked yet starts', seen: { ...containers(running('el', { state: { running: { startedAt: ago(3) } } }), running('cl', { state: { running: { startedAt: ago(3) } } })), facts: new Map() }, phase: 'Configuring', reason: 'Starting' },
  { because: 'a process without questions is judged by its container', seen: { facts: new Map(), expectations: new Map() }, phase: 'Running', reason: 'Running' },
  { because: 'a process without questions that is not ready starts', seen: { ...containers(running('el', { ready: false }), running('cl')), facts: new Map(), expectations: new Map() }, phase: 'Configuring', reason: 'Starting' },
  { because: "a tip's age says nothing for Bitcoin", seen: { facts: only(facts({ headTime: 1 })), expectations: new Map([['el', { minPeers: 1, maxLag: 2 }], ['cl', { minPeers: 0, maxLag: 1 }]]) }, phase: 'Running', reason: 'Running' },
  { because: 'an old head is not excused by having no peers', seen: { facts: facts({ peers: 0, headTime: NOW / 1000 - 120 }), risenAt: new Map([['el', NOW - 20_000]]) }, phase: 'Syncing', reason: 'NoPeers' },
  { because: 'too few peers are not the same as making the blocks itself', seen: { facts: facts({ peers: 1 }), risenAt: new Map([['el', NOW - 20_000]]), expectations: new Map([['el', { minPeers: 3, maxHeadAgeSeconds: 60 }], ['cl', { minPeers: 1 }]]) }, phase: 'Syncing', reason: 'NoPeers' },
  { because: 'block 0 of a client that says that it is syncing', seen: { facts: facts({ height: 0, syncing: true }) }, phase: 'Syncing', reason: 'Syncing' },
  { because: 'where age says nothing, its own word is enough', seen: { facts: facts({ headTime: undefined } as never), expectations: new Map([['el', { minPeers: 1 }], ['cl', { minPeers: 1 }]]) }, phase: 'Running', reason: 'Running' },
  { because: 'where age says nothing, no word is not', seen: { facts: facts({ syncing: undefined } as never), expectations: new Map([['el', { minPeers: 1 }], ['cl', { minPeers: 1 }]]) }, phase: 'Syncing', reason: 'HeadUnknown' },
  { because: 'a client that answers is judged by that, although nothing is expected of it', seen: { facts: facts({ syncing: true }), expectations: new Map([['cl', { minPeers: 1 }]]) }, phase: 'Syncing', reason: 'Syncing' },
  { because: 'a client with the name of its role is named once', seen: { node: aNode({ clients: { el: { name: 'el' }, cl: { name: 'lighthouse' } } }), facts: facts({ syncing: true }) }, phase: 'Syncing', reason: 'Syncing', says: /^el is catching up/ },
  { because: 'a role that the file does not have is named by itself', seen: { node: aNode({ clients: { el: { name: 'geth' } } }), facts: facts({}, { syncing: true }) }, phase: 'Syncing', reason: 'Syncing', says: /^cl is catching up/ },
  { because: 'the kubelet still waits for the startup probe', seen: { ...containers(running('el', { started: false }), running('cl')), facts: facts(silence) }, phase: 'Configuring', reason: 'Starting' },
  { because: 'silence without a word', seen: { facts: facts({ reach: 'unreachable' }) }, phase: 'Error', reason: 'Unreachable', says: /does not answer; see its log/ },
  { because: 'the complaint, while the client that it is about syncs', seen: { facts: facts({ syncing: true }, { alarm: { reason: 'ExecutionOffline', message: 'x' } }) }, phase: 'Error', reason: 'ExecutionOffline' },
  { because: 'an engine that starts beside a third process that runs', seen: { ...containers(running('el', { started: false }), running('cl'), running('vc')), node: aNode({ clients: { el: { name: 'geth' }, cl: { name: 'lighthouse' }, vc: { name: 'lighthouse' } } }), facts: facts({ reach: 'starting' }, { alarm: { reason: 'ExecutionOffline', message: 'x' } }) }, phase: 'Configuring', reason: 'Starting' },
  { because: 'a development chain has no peers', seen: { facts: facts({ peers: 0, height: 0 }, { peers: 0 }), expectations: new Map([['el', { minPeers: 0 }], ['cl', { minPeers: 0 }]]) }, phase: 'Running', reason: 'Running' },
]; // prettier-ignore

describe.each([
  { what: 'Kubernetes', rows: kubernetes },
  { what: 'what is asked', rows: wishes },
  { what: 'the clients', rows: clients },
])('$what', ({ rows }) => {
  it.each(rows)('$reason: $because', ({ seen, phase, reason, stalled = false, says }) => {
    const status = nodeStatus(observe(seen));
    const { conditions = [] } = status;
    const ready = findCondition(conditions, 'Ready');
    expect({ phase: status.phase, reason: ready?.reason }).toEqual({ phase, reason });
    expect(ready?.status).toBe(READY.has(reason) ? 'True' : 'False');
    expect(findCondition(conditions, 'Stalled') !== undefined).toBe(stalled);
    expect(ready?.message).toMatch(says ?? /./);
    expect(ready?.message).not.toMatch(/hunter2|undefined|\n/);
    // What kstatus asks for: abnormal-true conditions only while True, the generation on each.
    const others = conditions.filter(({ type }) => type !== 'Ready');
    expect(others.map((condition) => condition.status)).toEqual(others.map(() => 'True'));
    expect(conditions.map((condition) => condition.observedGeneration)).toEqual(conditions.map(() => 3));
    expect(status.synced).toBe(SYNCED.has(reason));
  });
});

describe('fields', () => {
  it('shows roles, volumes, figures and where the spec came from', () => {
    const pod = aPod({ metadata: { annotations: { 'validatoros.com/restart-generation': '4' } } });
    const status = nodeStatus(observe({ pods: [pod], facts: facts({ target: 1_001, progress: 0.9999 }) }));
    expect(status).toMatchObject({
      observedGeneration: 3,
      observedRestartGeneration: 4,
      appliedRevision: 'main@sha1:363a6a8f0c2b4d5e6f708192a3b4c5d6e7f80912',
      height: 1_000,
      peers: 25,
      synced: true,
      volumes: [{ name: 'data', claim: 'data-eth-0-0', phase: 'Bound', capacity: '100Gi', requested: '100Gi' }],
      observedAt: '2026-03-01T12:00:00Z',
    });
    expect(status.roles).toEqual([
      {
        name: 'el', client: 'geth', state: 'Running', height: 1_000, target: 1_001, headTime: ago(6), peers: 25,
        progress: '99.9', version: 'Geth/v1.16.7', image: 'example/el:1', restarts: 0,
      },
      {
        name: 'cl', client: 'lighthouse', state: 'Running', height: 2_000, headTime: ago(6), peers: 60,
        progress: '100.0', image: 'example/cl:1', restarts: 0,
      },
    ]); // prettier-ignore
  });

  it('says no time at which figures were read before a first answer', () => {
    const unheard = nodeStatus(observe({ facts: new Map() }));
    expect(unheard.observedAt).toBeUndefined();
    const heard = nodeStatus(observe({ node: withStatus(aNode(), unheard) }));
    expect(heard.observedAt).toBe('2026-03-01T12:00:00Z');
  });

  it('takes height and peers from the first role that has them', () => {
    const seen = facts({ height: undefined, peers: undefined } as never);
    expect(nodeStatus(observe({ facts: seen }))).toMatchObject({ height: 2_000, peers: 60 });
  });

  it('shows zeros, and says nothing of an image that is not known', () => {
    const [el] = nodeStatus(observe({ ...containers(running('el', { image: undefined }), running('cl')), facts: facts({ height: 0, peers: 0 }) })).roles ?? []; // prettier-ignore
    expect(el).toMatchObject({ height: 0, peers: 0 });
    expect(el).not.toHaveProperty('image');
  });

  it.each([
    { headTime: -1, shown: undefined },
    { headTime: 0, shown: '1970-01-01T00:00:00Z' },
    { headTime: 253_402_300_799, shown: '9999-12-31T23:59:59Z' },
    { headTime: 253_402_300_800, shown: undefined },
  ])('shows a head of the time $headTime as $shown', ({ headTime, shown }) => {
    expect(nodeStatus(observe({ facts: facts({ headTime }) })).roles?.[0]?.headTime).toBe(shown);
  });

  it('shows by which job it is paused, without a secret', () => {
    expect(nodeStatus(observe({ pause: { ...pause, message: 'token=abc' } })).pause).toEqual({ by: pause.by, message: 'token=[redacted]' }); // prettier-ignore
  });

  it('says when figures of a node were read of which every client syncs', () => {
    const status = nodeStatus(observe({ facts: facts({ syncing: true }, { syncing: true }) }));
    expect(status.observedAt).toBe('2026-03-01T12:00:00Z');
  });

  it('has the roles of the chain first, then those of the file by name', () => {
    const clients = { vc: { name: 'v' }, el: { name: 'geth' }, aux: { name: 'a' } };
    const { roles = [], appliedRevision } = nodeStatus(observe({ node: aNode({ clients }), revision: undefined }));
    expect(roles.map(({ name }) => name)).toEqual(['el', 'cl', 'aux', 'vc']);
    expect(appliedRevision).toBeUndefined();
  });

  it('drops figures that no client can mean', () => {
    const status = nodeStatus(observe({ facts: facts({ height: -1, peers: 2.5, target: Infinity, headTime: 1e18 }) }));
    expect(status.roles?.[0]).not.toHaveProperty('height');
    expect(status.roles?.[0]).not.toHaveProperty('peers');
    expect(status.roles?.[0]).not.toHaveProperty('target');
    expect(status.roles?.[0]).not.toHaveProperty('headTime');
  });

  it('shows a hold that changes nothing of the running pod as Reconciling', () => {
    const status = nodeStatus(observe({ hold: { reason: 'VolumeShrink', message: 'token=abc' } }));
    expect(findCondition(status.conditions, 'Ready')?.status).toBe('True');
    expect(findCondition(status.conditions, 'Reconciling')).toMatchObject({ reason: 'VolumeShrink' });
    expect(status.hold).toEqual({ reason: 'VolumeShrink', message: 'token=[redacted]' });
  });

  it('tolerates objects of any shape', () => {
    const junk = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      spec: 3,
      status: { containerStatuses: 'x' },
    };
    const status = nodeStatus(
      observe({ pods: [junk], pvcs: [{ ...junk, kind: 'PersistentVolumeClaim' }], events: [junk] }),
    );
    expect(status.phase).toBe('Pending');
  });
});
