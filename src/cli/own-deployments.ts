// The Deployments of controllers in a cluster: what they run, and their upgrades.

import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { member, textAt, valueAt } from '../lib/json-value.ts';
import { isUnderWay, readUpgradeState, UPGRADE_ANNOTATION, type UpgradeState } from '../upgrade/state.ts';

export interface ControllerDeployment {
  readonly executor: string;
  readonly image: string;
  readonly upgrade: UpgradeState | undefined;
}

/** As the chart labels them; none without the permission to list them. */
export async function readOwnDeployments(cluster: Pick<Cluster, 'list'>): Promise<readonly ControllerDeployment[]> {
  const labelSelector = 'app.kubernetes.io/name=nodewright,app.kubernetes.io/component=controller';
  const found = await cluster.list(KINDS.Deployment, { labelSelector }).catch(() => []);
  return found.flatMap((object) => {
    const containers = valueAt(object, ['spec', 'template', 'spec', 'containers']);
    const container: unknown = Array.isArray(containers)
      ? containers.find((one) => member(one, 'name') === 'controller')
      : {};
    const variables = member(container, 'env');
    const executor: unknown = Array.isArray(variables)
      ? variables.find((one) => member(one, 'name') === 'NODEWRIGHT_EXECUTOR')
      : undefined;
    const name = textAt(executor, ['value']);
    if (name === undefined) return [];
    const upgrade = readUpgradeState(object.metadata.annotations?.[UPGRADE_ANNOTATION]);
    return [{ executor: name, image: textAt(container, ['image']) ?? '', upgrade }];
  });
}

/** What an operator must know; undefined when the last upgrade is complete, or there was none. */
export function upgradeText({ executor, upgrade }: ControllerDeployment): string | undefined {
  if (upgrade === undefined || upgrade.phase === 'Complete') return undefined;
  const { version, phase, from, reason = '', message = '' } = upgrade;
  if (isUnderWay(upgrade)) return `the controller of executor ${executor} is being upgraded to ${version} (${phase}).`;
  return `the upgrade of the controller of executor ${executor} to ${version} failed and was taken back to ${from}: ${reason}: ${message}`;
}
