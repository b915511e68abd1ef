// Two processes of one controller, while someone who may write Leases tries to make both lead.

import { afterEach, beforeEach, expect, it } from 'vitest';

import { ANNOTATION } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { controllerLease } from '../../src/kube/lease/holder.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published } from './harness.ts';
import { type Process, startProcess } from './process.ts';

let fleet: Fleet;
const processes: Process[] = [];
beforeEach(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') for (const process of processes) console.error(await process.lastLog(25));
  for (const process of processes.splice(0)) await process.cleanUp();
  await fleet.close();
});

const SPEC = { holder: ['spec', 'holderIdentity'], renewed: ['spec', 'renewTime'] };
const UNPROVEN = 'The lease was emptied or deleted, and not by its holder';

async function start(podName: string): Promise<Process> {
  const process = await startProcess(fleet, { podName });
  processes.push(process);
  return process;
}

async function lease(): Promise<KubeObject | undefined> {
  return await fleet.cluster.get(controllerLease(fleet.executor, fleet.namespace));
}

async function renewed(times: number): Promise<void> {
  let before: string | undefined;
  for (let count = 0; count <= times; count++)
    before = await waitFor('the Lease is renewed', async () => {
      const now = textAt(await lease(), SPEC.renewed);
      return now === before ? undefined : now;
    });
}

/** One that leads, and one that waits and has seen the first as the holder. */
async function two(): Promise<{ readonly first: Process; readonly second: Process }> {
  const first = await start('pod-a');
  await published(fleet, undefined, tipOf(fleet.repo, BRANCH) ?? '');
  const second = await start('pod-b');
  await waitFor('the second waits', async () => (await second.log()).includes('Waiting for the lease'));
  await renewed(2);
  return { first, second };
}

async function leads(process: Process): Promise<boolean> {
  return /^nodewright_leader 1$/m.test((await process.probe('/metrics')).text);
}

it.each([
  {
    because: 'emptied',
    disturb: async (live: KubeObject) =>
      void (await fleet.cluster.replace({ ...live, spec: { holderIdentity: '', leaseDurationSeconds: 1 } })),
  },
  {
    because: 'deleted',
    disturb: async ({ metadata }: KubeObject) =>
      await fleet.cluster.remove(controllerLease(fleet.executor, fleet.namespace), {
        uid: metadata.uid ?? '',
        propagation: 'Background',
      }),
  },
])(
  'the second does not lead beside the first when the Lease is $because while it waits',
  async ({ disturb }) => {
    const { first, second } = await two();
    // As a first process that is slow for a moment: it may lead for ten seconds after its last renewal.
    process.kill(first.pid, 'SIGSTOP');
    const live = await lease();
    await disturb(live!);
    await waitFor('the second has decided', async () => {
      const [log, holder] = [await second.log(), textAt(await lease(), SPEC.holder)];
      return log.includes(UNPROVEN) || holder === 'pod-b';
    });
    process.kill(first.pid, 'SIGCONT');
    await waitFor('the Lease has a holder', async () => (textAt(await lease(), SPEC.holder) ?? '') !== '');
    expect(textAt(await lease(), SPEC.holder)).toBe('pod-a');
    await renewed(3);
    expect([await leads(first), await leads(second)]).toEqual([true, false]);

    expect(await first.stop()).toBe(0);
    const after = fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1') });
    await published(fleet, undefined, after);
    expect(textAt(await lease(), SPEC.holder)).toBe('pod-b');
  },
  120_000,
);

it('the second leads at once when the first gives the Lease back, which it proves', async () => {
  const { first, second } = await two();
  const proof = (await lease())?.metadata.annotations;
  expect(Object.keys(proof ?? {})).toEqual([ANNOTATION.leaseProof]);
  const ended = first.stop();
  // A Lease that is waited for by its duration shows its empty holder for fifteen seconds and a warning in the log.
  await waitFor('the second leads', async () => await leads(second));
  expect(await ended).toBe(0);
  expect(await second.log()).not.toContain(UNPROVEN);
  expect(Object.keys((await lease())?.metadata.annotations ?? {}).toSorted()).toEqual([
    ANNOTATION.leaseProof,
    ANNOTATION.leaseReleased,
  ]);
}, 120_000);
