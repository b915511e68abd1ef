// Kills the controller the moment a Switchover enters a stage, and starts it again.

import {
  CustomObjectsApi,
  KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
} from '@kubernetes/client-node';

import type { JobStatus } from '../../src/api/job-status.ts';
import { follow } from '../cluster/follow.ts';
import type { PodsWorld } from './world.ts';

export interface Kills {
  /** Stages at whose beginning the controller was killed. */
  readonly done: readonly string[];
  stop(): void;
}

interface Switchover extends KubernetesObject {
  readonly status?: JobStatus;
}

/** Each of the stages once: a phase, or a step of the signer states. */
export function killAt(world: PodsWorld, stages: readonly string[]): Kills {
  const { namespace } = world;
  const config = new KubeConfig();
  config.loadFromFile(world.kubeconfig);
  const kind = { group: 'validatoros.com', version: 'v1alpha1', namespace, plural: 'switchovers' };
  const api = config.makeApiClient(CustomObjectsApi);
  const followed = follow<Switchover>(
    config,
    `/apis/${kind.group}/${kind.version}/namespaces/${namespace}/${kind.plural}`,
    () => api.listNamespacedCustomObject(kind) as Promise<KubernetesListObject<Switchover>>,
  );
  const left = new Set(stages);
  const done: string[] = [];
  let line = Promise.resolve();
  const kill = async (stage: string): Promise<void> => {
    await world.controller.kill();
    done.push(stage);
    await world.restart();
  };
  followed.onUpdate(({ status }) => {
    const stage = stages.find((one) => left.has(one) && (status?.phase === one || status?.signers?.step === one));
    if (stage === undefined || !left.delete(stage)) return;
    line = line.then(async () => await kill(stage));
  });
  return { done, stop: () => followed.stop() };
}
