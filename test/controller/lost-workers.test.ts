// The worker pod of a job that was lost with its object: who takes off its labels and owner while it works does not start the node beside it.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { jobObjectName } from '../../src/jobs/model/names.ts';
import { testCluster } from '../support/cluster.ts';
import { RESTRICTED, restrictedPod } from '../support/restricted-pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, runController, type Running } from './harness.ts';
import { losingJobs, type LosingJobs, PATIENCE_MS, SETTINGS } from './losing-jobs.ts';

let fleet: Fleet;
let running: Running;
let hand: ByHand;
let jobs: LosingJobs;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 3, spec: ['desiredState: Running'] });
  hand = byHand(kubeconfig);
  jobs = losingJobs(fleet, hand, { running: () => [running] });
  await prepare(fleet);
  running = await runController(fleet, SETTINGS);
}, 300_000);
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

/** A pod without any label, and without an owner. */
async function create(name: string, spec: object): Promise<void> {
  const { apiVersion, kind, namespace } = jobs.ref('Pod', name);
  await fleet.cluster.create({ apiVersion, kind, metadata: { name, namespace }, spec });
}

const onVolume = (claim: string) => ({
  containers: [{ name: 'a', image: 'a', securityContext: RESTRICTED, volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
  volumes: [{ name: 'v', persistentVolumeClaim: { claimName: claim } }],
});

it.each([
  { name: 'named', node: 'n0', by: 'its name', isDown: false },
  { name: 'mounted', node: 'n1', by: 'the volume of the node', isDown: false },
  { name: 'started', node: 'n2', by: 'its name, by a controller that starts', isDown: true },
])(
  'is known by $by: the node stays stopped and names the pod until that has ended',
  async ({ name, node, by, isDown }) => {
    const uid = await jobs.stops(name, node);
    const ofJob = `${jobObjectName({ kind: 'Backup', namespace: fleet.namespace, name, uid })}-abcde`;
    const pod = by.startsWith('its name') ? ofJob : 'tool';
    await create(pod, pod === ofJob ? restrictedPod : onVolume(`data-${node}-0`));
    if (isDown) await running.stop();
    await jobs.lose(name, node);
    if (isDown) running = await runController(fleet, SETTINGS);
    // The pod of the node itself can go now.
    await jobs.letGo(node);
    const said = async (): Promise<string> => JSON.stringify((await fleet.nodes()).get(node)?.status);
    const advice = `pod ${pod} (end it (kubectl -n ${fleet.namespace} delete pod ${pod}))`;
    await waitFor('the node names the pod', async () => (await said()).includes(advice), PATIENCE_MS);
    await idleFor(running, 1000).catch(() => undefined);
    expect(await jobs.isStopped(node)).toBe(true);
    await hand.remove(jobs.ref('Pod', pod));
    await jobs.runs(node);
  },
  400_000,
);
