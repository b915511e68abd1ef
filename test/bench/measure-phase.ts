// From a node's change of phase to the pushed status: a pod can't pull its image, and then it can.

import { DEFAULT_NAMESPACE, LABEL } from '../../src/api/group.ts';
import { type KubeObject, refOf } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { objectPath } from '../../src/kube/paths.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { git } from '../support/git-repo.ts';
import { type Figure, median } from './figure.ts';
import { EXECUTOR, nodeName, nodePath, nodeText, WISHES } from './fleet.ts';
import { send } from './raw-request.ts';
import type { Stage } from './stage.ts';
import { until } from './wait.ts';

const ROUNDS = 8;
const INDEX = 90;
const STATUS_FILE = `${EXECUTOR}/nodes/${DEFAULT_NAMESPACE}/${nodeName(INDEX)}.yaml`;

/** Starts one node, then makes its pod fail and recover by turns, as a kubelet would report it. */
export async function measurePhase(stage: Stage): Promise<readonly Figure[]> {
  stage.push({ [nodePath(INDEX)]: nodeText(INDEX, WISHES.running) });
  const pod = await until('the pod to run', 120_000, () => runningPod(stage));
  await until('the pod to show on the status branch', 60_000, () => !phaseOf(stage.repo).startsWith('Stop'));
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) samples.push(await changePhase(stage, pod, round % 2 === 0));
  return [{ name: 'change of phase to pushed status', value: median(samples) / 1000, unit: 's', limit: 2 }];
}

async function runningPod({ cluster }: Stage): Promise<KubeObject | undefined> {
  const pods = await cluster.list(KINDS.Pod, { labelSelector: `${LABEL.node}=${nodeName(INDEX)}` });
  return pods.find((pod) => textAt(pod, ['status', 'phase']) === 'Running');
}

async function changePhase({ transport, server, repo }: Stage, pod: KubeObject, fails: boolean): Promise<number> {
  const before = phaseOf(repo);
  const failing = { waiting: { reason: 'ImagePullBackOff', message: 'the registry does not know the image' } };
  const state = fails ? failing : { running: { startedAt: new Date().toISOString() } };
  const container = { name: 'el', image: 'image', imageID: '', restartCount: 0, ready: !fails, state };
  await send(transport, {
    method: 'PATCH',
    path: `${objectPath(refOf(pod))}/status`,
    contentType: 'application/merge-patch+json',
    body: { status: { containerStatuses: [container] } },
  });
  const began = performance.now();
  // Judged after each push, not by the clock: the time is that of the push whose commit says it.
  const judged = new Set<object>();
  return await until('the phase to be on the status branch', 60_000, () => {
    for (const request of server.requests) {
      const isPush = request.service === 'git-receive-pack' && request.method === 'POST';
      if (!isPush || request.at < began || request.endedAt === 0 || judged.has(request)) continue;
      judged.add(request);
      if (phaseOf(repo) !== before) return request.endedAt - began;
    }
    return undefined;
  });
}

function phaseOf(repo: string): string {
  const text = git(repo, ['show', `nodewright-status:${STATUS_FILE}`]);
  return /^status:\n(?:.*\n)*? {2}phase: (\w+)$/m.exec(text)?.[1] ?? '';
}
