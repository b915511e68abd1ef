// The pods of one image of the Deployment, as the state machine of an upgrade looks at them.

import type { KubeObject } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { listAt, member, textAt, valueAt } from '../../lib/json-value.ts';
import type { RolloutPod } from '../../upgrade/rollout.ts';
import type { OwnDeployment } from './deployment.ts';

export async function listPods(
  cluster: Pick<Cluster, 'list'>,
  { object, selector }: OwnDeployment,
  image: string,
): Promise<readonly RolloutPod[]> {
  const { namespace } = object.metadata;
  const pods = await cluster.list(KINDS.Pod, { namespace: namespace ?? '', labelSelector: selector });
  return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && runs(pod, image)).map(viewOf);
}

function runs(pod: KubeObject, image: string): boolean {
  return listAt(pod, ['spec', 'containers']).some((one) => textAt(one, ['image']) === image);
}

function viewOf(pod: KubeObject): RolloutPod {
  const [container] = listAt(pod, ['status', 'containerStatuses']);
  const scheduled = conditionOf(pod, 'PodScheduled');
  const ended = valueAt(container, ['lastState', 'terminated']) ?? valueAt(container, ['state', 'terminated']);
  const waiting = valueAt(container, ['state', 'waiting']);
  return {
    name: pod.metadata.name,
    isScheduled: textAt(pod, ['spec', 'nodeName']) !== undefined,
    schedulingMessage: textAt(scheduled, ['message']),
    waiting:
      waiting === undefined
        ? undefined
        : { reason: textAt(waiting, ['reason']) ?? '', message: textAt(waiting, ['message']) ?? '' },
    ended:
      ended === undefined
        ? undefined
        : { reason: textAt(ended, ['reason']) ?? 'Error', exitCode: Number(valueAt(ended, ['exitCode']) ?? -1) },
    restarts: Number(valueAt(container, ['restartCount']) ?? 0),
    isReady: textAt(conditionOf(pod, 'Ready'), ['status']) === 'True',
  };
}

function conditionOf(pod: KubeObject, type: string): unknown {
  return listAt(pod, ['status', 'conditions']).find((one) => member(one, 'type') === type);
}
