// What Kubernetes reports of a node's pod and its containers, case by case → reason and what the message names.

import { expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import type { Observation } from '../../src/status/observation.ts';
import { aClaim, aNode, aPod, aSet, ago, crashed, facts, observe, running, unscheduled, waiting, withStatus } from './builders.ts'; // prettier-ignore

const containers = (...list: unknown[]): Partial<Observation> => ({ pods: [aPod({ containers: list })] });
const inits = (...list: unknown[]): Partial<Observation> => ({
  pods: [aPod({ inits: list, containers: [waiting('el', 'PodInitializing')] })],
});
const ended = (end: object): Partial<Observation> =>
  containers(running('el', { ready: false, state: { terminated: { exitCode: 1, ...end } } }), running('cl'));
const failed = (reason: string, message = ''): Partial<Observation> => ({
  pods: [aPod({ status: { phase: 'Failed', reason, message } })],
});

function anEvent(about: string, reason: string, message: string): KubeObject {
  const [kind, name] = about.split('/');
  const head = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', creationTimestamp: ago(5) } };
  return { ...head, involvedObject: { kind, name }, reason, message };
}

/** The second one of each pair is newer: which field holds the time depends on who wrote the Event. */
const EVENTS = [
  [{ lastTimestamp: ago(60), created: ago(1) }, { lastTimestamp: ago(30), created: ago(90) }],
  [{ lastTimestamp: ago(30), created: ago(90) }, { eventTime: ago(20), created: ago(100) }],
  [{ eventTime: ago(20), created: ago(1) }, { created: ago(10) }],
].map((pair) => pair.map(({ created, ...times }, index) => ({ ...anEvent('StatefulSet/eth-0', 'FailedCreate', index === 0 ? 'old' : 'new'), metadata: { name: 'e', creationTimestamp: created }, ...times }))); // prettier-ignore

/** A pod whose sandbox is not ready since then. */
function unmounted(seconds: number, parts: Parameters<typeof aPod>[0] = {}): KubeObject {
  const unready = { type: 'PodReadyToStartContainers', status: 'False', lastTransitionTime: ago(seconds) };
  const conditions = [{ type: 'PodScheduled', status: 'True' }, unready];
  return aPod({ containers: [waiting('el', 'ContainerCreating')], status: { phase: 'Pending', conditions }, ...parts });
}

/** An older pod that has failed. */
const FAILED = aPod({ metadata: { creationTimestamp: ago(9000) }, status: { phase: 'Failed' } });

const unbound = 'pod has unbound immediate PersistentVolumeClaims';
const CLAIM = 'PersistentVolumeClaim/data-eth-0-0';
const noClass = { ...aClaim('Pending'), spec: {} };

it.each<{ readonly because: string; readonly seen: Partial<Observation>; readonly reason: string; readonly says?: RegExp }>([
  { because: 'a container that cannot be created', seen: containers(waiting('el', 'CreateContainerError', 'no such file')), reason: 'CreateContainerError', says: /^el cannot be started: no such file\. Check command/ },
  { because: 'a container without a state', seen: containers(running('el', { state: {} }), running('cl')), reason: 'CreatingContainers', says: /^el is being created/ },
  { because: 'a crash without a report', seen: containers(waiting('el', 'CrashLoopBackOff'), running('cl')), reason: 'CrashLoopBackOff', says: /keeps crashing for an unknown reason; see/ },
  { because: 'the reason of an end', seen: ended({ reason: 'ContainerCannotRun', message: 'boom' }), reason: 'ContainerExited', says: /^el ended with exit code 1, ContainerCannotRun: boom; Kubernetes starts it again/ },
  ...['Error', 'Completed', ''].map((reason) => ({ because: `no reason for ${reason}`, seen: ended({ reason }), reason: 'ContainerExited', says: /^el ended with exit code 1; / })),
  { because: 'a container that ended after a restart', seen: containers(running('el', { restartCount: 1, state: { terminated: { exitCode: 2 } } }), running('cl')), reason: 'CrashLoopBackOff', says: /exit code 2/ },
  { because: 'a container that was restarted long ago and runs', seen: containers(running('el', { lastState: { terminated: { exitCode: 1 } } }), running('cl')), reason: 'Running' },
  { because: 'a first restart of a node that was well', seen: containers(running('el', { state: { running: { startedAt: ago(5) } }, lastState: { terminated: { exitCode: 1 } } }), running('cl')), reason: 'Running' },
  { because: 'the disk of an init container', seen: inits(crashed('init', { message: 'ENOSPC' })), reason: 'DiskFull', says: /^init stopped/ },
  { because: 'an init container that crashes', seen: inits(crashed('init', { exitCode: 3 })), reason: 'InitFailed', says: /init container init failed with exit code 3; see its log \(kubectl logs -c init\)/ },
  { because: 'an init container without its Secret', seen: inits(waiting('init', 'CreateContainerConfigError', 'secret "k"')), reason: 'CreateContainerConfigError', says: /^init cannot be configured: secret "k"/ },
  { because: 'the init container that fails, beside one that ended', seen: inits(running('one', { state: { terminated: { exitCode: 0 } } }), crashed('two', {})), reason: 'InitFailed', says: /two/ },
  { because: 'an init container that ended well before and runs again', seen: inits(running('init', { lastState: { terminated: { exitCode: 0 } } })), reason: 'Initializing' },
  { because: 'an init container that runs after it failed once and ended well', seen: inits(running('init', { state: { terminated: { exitCode: 0 } }, lastState: { terminated: { exitCode: 1 } } })), reason: 'CreatingContainers' },
  { because: 'a failed pod with a reason', seen: failed('NodeShutdown', 'going down'), reason: 'PodFailed', says: /^The pod failed: NodeShutdown: going down\.$/ },
  { because: 'a failed pod without one', seen: failed(''), reason: 'PodFailed', says: /^The pod failed: no reason given\.$/ },
  ...['node was low on resource: ephemeral-storage', 'low on inodes', 'disk pressure'].map((message) => ({ because: message, seen: failed('Evicted', message), reason: 'DiskPressure' })),
  { because: 'a lost Kubernetes node', seen: { pods: [aPod({ status: { reason: 'NodeLost' } })] }, reason: 'MachineUnreachable' },
  { because: 'an unknown phase', seen: { pods: [aPod({ status: { phase: 'Unknown' } })] }, reason: 'MachineUnreachable' },
  { because: 'a pod that should be gone for a minute', seen: { pods: [aPod({ metadata: { deletionTimestamp: ago(60) } })] }, reason: 'Restarting' },
  { because: 'a pod that should be gone for longer', seen: { pods: [aPod({ metadata: { deletionTimestamp: ago(61) } })] }, reason: 'PodStuckTerminating' },
  { because: 'the newer one of two pods', seen: { pods: [aPod({ metadata: { creationTimestamp: ago(9000), deletionTimestamp: ago(300) } }), aPod()] }, reason: 'Running' },
  { because: 'the pod that stays, although the other one is newer', seen: { pods: [aPod({ metadata: { creationTimestamp: ago(10), deletionTimestamp: ago(300) } }), aPod()] }, reason: 'Running' },
  ...[[FAILED, aPod()], [aPod(), FAILED]].map((pods) => ({ because: 'the newest of two pods that stay', seen: { pods }, reason: 'Running' })),
  { because: 'a pod on its Kubernetes node that says nothing of its place', seen: { pods: [aPod({ status: { conditions: [] } })] }, reason: 'Running' },
  { because: 'the condition of its place, beside others', seen: { pods: [aPod({ spec: { nodeName: undefined }, status: { conditions: [{ type: 'Initialized', status: 'True' }, { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no room' }] } })] }, reason: 'WaitingForScheduler', says: /no room/ },
  { because: 'a pod that is scheduled, before its Kubernetes node is known', seen: { pods: [aPod({ spec: { nodeName: undefined } })] }, reason: 'Running' },
  { because: 'a PVC of the default class', seen: { pods: [unscheduled(unbound)], pvcs: [noClass] }, reason: 'VolumePending', says: /\(the default class\) .*provisioner runs\.$/ },
  { because: 'no Event of another PVC', seen: { pods: [unscheduled(unbound)], pvcs: [aClaim('Pending')], events: [anEvent('PersistentVolumeClaim/x', 'ProvisioningFailed', 'no'), anEvent('Pod/data-eth-0-0', 'ProvisioningFailed', 'no'), anEvent(CLAIM, 'Other', 'no')] }, reason: 'VolumePending', says: /runs\.$/ },
  { because: 'a volume whose provisioner failed on the selected Kubernetes node', seen: { pods: [unscheduled(unbound)], pvcs: [aClaim('Pending', { annotations: { 'volume.kubernetes.io/selected-node': 'm' } })], events: [anEvent(CLAIM, 'ProvisioningFailed', 'quota')] }, reason: 'VolumePending', says: /Kubernetes reports: quota$/ },
  { because: 'no volume where all are bound', seen: { pods: [unscheduled(unbound)] }, reason: 'WaitingForScheduler', says: /No Kubernetes node can run the pod: pod has unbound/ },
  { because: 'a mount that fails, by its Event', seen: { pods: [unmounted(121)], events: [anEvent('Pod/eth-0-0', 'FailedMount', 'no such share')] }, reason: 'VolumesNotReady', says: /network: no such share$/ },
  { because: 'a mount that waits, without Secrets', seen: { pods: [unmounted(121)], events: [anEvent('StatefulSet/eth-0', 'FailedMount', 'x'), anEvent('Pod/eth-0-0', 'Pulled', 'x')] }, reason: 'VolumesNotReady', says: /network: see the Events of the pod/ },
  { because: 'a mount that takes two minutes', seen: { pods: [unmounted(120)] }, reason: 'CreatingContainers' },
  { because: 'no mount where a container has run', seen: { pods: [unmounted(300, { containers: [waiting('el', 'ContainerCreating'), running('cl')] })] }, reason: 'CreatingContainers' },
  { because: 'no mount where a container has ended', seen: { pods: [unmounted(300, { containers: [running('el', { state: { terminated: { exitCode: 1 } } })] })] }, reason: 'ContainerExited' },
  { because: 'no mount where a container was restarted', seen: { pods: [unmounted(300, { containers: [{ ...waiting('el', 'ContainerCreating'), restartCount: 1 }] })] }, reason: 'CreatingContainers' },
  { because: 'no Event but those on the creation of its pod', seen: { pods: [], events: [{ ...anEvent('StatefulSet/eth-0', 'FailedCreate', 'new'), eventTime: ago(6) }, anEvent('Pod/x', 'FailedCreate', 'other'), anEvent('StatefulSet/eth-0', 'Resized', 'other')] }, reason: 'WaitingForPod', says: /cannot create the pod: new$/ },
  ...EVENTS.flatMap((pair) => [pair, pair.toReversed()]).map((events) => ({ because: 'the latest Event of the StatefulSet', seen: { pods: [], events }, reason: 'WaitingForPod', says: /cannot create the pod: new$/ })),
  { because: 'two containers that are not ready', seen: containers(running('el', { ready: false }), running('cl', { ready: false })), reason: 'NotReady', says: /^el, cl are not ready/ },
  { because: 'an older revision while the StatefulSet controller has not seen the spec', seen: { statefulSet: { ...aSet(1, 'r2'), metadata: { name: 'eth-0', generation: 8 } } }, reason: 'Running' },
  { because: 'a pod without a revision', seen: { statefulSet: aSet(1, 'r2'), pods: [aPod({ metadata: { labels: {} } })] }, reason: 'Running' },
  { because: 'a StatefulSet that was deleted', seen: { node: withStatus(aNode(), { appliedRevision: 'x' }), statefulSet: undefined }, reason: 'ObjectDeleted', says: /eth-0 was deleted, not by the controller\. It is made again\.$/ },
  { because: 'a pause does not stop a node that has replicas', seen: { pause: { by: 'Backup n/b', message: 'x' } }, reason: 'Running' },
  { because: 'the complaint, where the client that it is about is well', seen: { facts: facts({}, { alarm: { reason: 'ExecutionOffline', message: 'x' } }) }, reason: 'ExecutionOffline' },
  { because: 'a role of which nothing is expected and that is not in the pod', seen: { node: aNode({ clients: { el: { name: 'geth' }, cl: { name: 'lighthouse' }, vc: { name: 'x' } } }) }, reason: 'Running' },
  { because: 'a role that is expected and not in the pod', seen: containers(running('cl')), reason: 'Starting' },
])('$reason: $because', ({ seen, reason, says }) => {
  const ready = findCondition(nodeStatus(observe(seen)).conditions, 'Ready');
  expect(ready?.reason).toBe(reason);
  expect(ready?.message).toMatch(says ?? /./);
}); // prettier-ignore

it.each([
  { because: 'by the name of its StatefulSet alone', name: 'data-eth-0-0', volume: 'data', size: '100Gi', says: undefined },
  { because: 'that is of another node', name: 'data-eth-1-0', volume: 'data-eth-1-0', size: '50Gi', says: /is no volume of spec\.storage\. .*kubectl -n novacula-system delete pvc data-eth-1-0\.$/ },
  { because: 'that is of another pod', name: 'data-eth-0-1', volume: 'data-eth-0-1', size: '50Gi', says: /^The PVC data-eth-0-1 .* one of a pod eth-0-1, from a StatefulSet that was scaled by hand: a node has one pod\. .* delete pvc data-eth-0-1\.$/ },
  { because: 'that is of a tenth pod', name: 'data-eth-0-10', volume: 'data-eth-0-10', size: '50Gi', says: /one of a pod eth-0-10,/ },
  { because: 'that ends like one of a pod', name: 'data-eth-0-x1', volume: 'data-eth-0-x1', size: '50Gi', says: /is no volume of spec\.storage/ },
  { because: 'that begins like one of a pod', name: 'data-eth-0-1x', volume: 'data-eth-0-1x', size: '50Gi', says: /is no volume of spec\.storage/ },
  { because: 'that is of no volume', name: 'old-eth-0-0', volume: 'old-eth-0-0', size: '50Gi', says: /is no volume of spec\.storage/ },
  { because: 'that was grown', name: 'data-eth-0-0', volume: 'data', size: '50Gi', says: /^The PVC requests 100Gi, more than spec\.storage\.data\.size \(50Gi\)/ },
  { because: 'whose size in the file is larger', name: 'data-eth-0-0', volume: 'data', size: '200Gi', says: undefined },
  { because: 'whose size in the file cannot be read', name: 'data-eth-0-0', volume: 'data', size: 'much', says: undefined },
])('shows a PVC $because as the volume $volume', ({ name, volume, size, says }) => {
  const node = aNode({ storage: { data: { size } } });
  const [found] = nodeStatus(observe({ node, pvcs: [{ ...aClaim('Bound'), metadata: { name } }] })).volumes ?? [];
  expect(found).toMatchObject({ name: volume, claim: name, phase: 'Bound' });
  expect(found?.message ?? '').toMatch(says ?? /^$/);
}); // prettier-ignore

it('says nothing of the size of a PVC that does not say it', () => {
  expect(nodeStatus(observe({ pvcs: [noClass] })).volumes?.[0]).not.toHaveProperty('message');
});

it('names all volumes that are being deleted, unless the node is deleted itself', () => {
  const pvcs = ['b-eth-0-0', 'a-eth-0-0', 'a-eth-0-1'].map((name) => ({
    ...aClaim('Bound'),
    metadata: { name, deletionTimestamp: ago(5) },
  }));
  const storage = { a: { size: '1Gi' }, b: { size: '1Gi' } };
  const riskOf = (seen: Partial<Observation>) => findCondition(nodeStatus(observe(seen)).conditions, 'DataAtRisk');
  expect(riskOf({ pvcs, node: aNode({ storage }) })?.message).toMatch(/^The PVC a-eth-0-0, b-eth-0-0 was deleted/);
  expect(riskOf({ pvcs, node: aNode({ storage }, { deletionTimestamp: ago(1) }) })).toBeUndefined();
});

it('names as many PVCs that are left over as the status has room for, and judges the node by its own alone', () => {
  const others = Array.from({ length: 20 }, (_, index) => ({ ...aClaim('Lost'), metadata: { name: `data-eth-0-${index + 1}` } }));
  const { volumes = [], conditions } = nodeStatus(observe({ pvcs: [...others, aClaim('Bound')] }));
  expect(volumes.map(({ name }) => name).slice(0, 2)).toEqual(['data', 'data-eth-0-1']);
  expect(volumes).toHaveLength(16);
  expect(volumes.at(-1)?.message).toMatch(/\(and 5 more PVCs\)$/);
  expect(findCondition(conditions, 'Ready')?.reason).toBe('Running');
  const few = nodeStatus(observe({ pvcs: [...others.slice(0, 15), aClaim('Bound')] })).volumes ?? [];
  expect(few.map(({ message = '' }) => message.includes('more PVCs'))).toEqual(few.map(() => false));
  expect(few).toHaveLength(16);
}); // prettier-ignore
