// Reads what all layouts have in common from a StatefulSet or Deployment.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { DeployMethod } from '../../api/job.ts';
import type { JobTarget, JobVolume } from '../../api/job-status.ts';
import { defined } from '../../lib/defined.ts';
import { textAt, textsAt, valueAt } from '../../lib/json-value.ts';
import type { Found, LayoutObjects, NodePlace } from './layout.ts';

/** Label of everything that cloud-config generates. */
export const CHAIN_LABEL = 'app.kubernetes.io/chain-name';

interface DataPvc {
  readonly name: string;
  readonly subPath?: string;
}

/** The target, or why it can't be one. `pvc` says where the node's data lies. */
export function readWorkload(
  { chain, node }: NodePlace,
  { workload, pvcs, host, height }: LayoutObjects & { readonly workload: KubeObject },
  pvc: DataPvc & { readonly deployMethod: DeployMethod },
): Found {
  const labelled = chainLabelOf(workload);
  if (labelled !== undefined && labelled !== chain)
    return missing(
      'WrongChain',
      `${workload.kind} ${workload.metadata.name} belongs to chain ${labelled}, not ${chain}`,
    );
  const data = pvcs.get(pvc.name);
  if (data === undefined)
    return missing('ClaimMissing', `PVC ${pvc.name} of node ${node} does not exist in its namespace`);
  const selector = textsAt(workload, ['spec', 'selector', 'matchLabels']);
  if (Object.keys(selector).length === 0)
    return missing('NoSelector', `${workload.kind} ${workload.metadata.name} selects its pods by no label`);
  const replicas = replicasOf(workload);
  return {
    ok: true,
    target: {
      node,
      deployMethod: pvc.deployMethod,
      workload: { apiVersion: 'apps/v1', kind: kindOf(workload), name: workload.metadata.name },
      replicas,
      wasRunning: replicas > 0,
      podSelector: selector,
      ...defined({ host, height }),
      volumes: [volumeOf(data, pvc)],
      ...ownerOf(workload),
      chain,
      images: imagesOf(workload),
      ...services(workload),
    },
  };
}

function chainLabelOf({ metadata: { labels = {} } }: KubeObject): string | undefined {
  return labels[CHAIN_LABEL] ?? labels['chain_name'];
}

/** Who the files of its volumes belong to. */
function ownerOf(workload: KubeObject): Pick<JobTarget, 'uid' | 'gid'> {
  return {
    uid: numberAt(workload, 'runAsUser') ?? 0,
    gid: numberAt(workload, 'runAsGroup') ?? numberAt(workload, 'fsGroup') ?? 0,
  };
}

/** What a Deployment or StatefulSet asks for; absent means one. */
export function replicasOf(workload: KubeObject): number {
  const replicas = valueAt(workload, ['spec', 'replicas']);
  return typeof replicas === 'number' ? replicas : 1;
}

/** Name of the PVC behind a volume of the pod template. */
export function pvcOfVolume(workload: KubeObject, volume: string): string | undefined {
  return textAt(volumeNamed(workload, volume), ['persistentVolumeClaim', 'claimName']);
}

/** Name of the ConfigMap behind a volume of the pod template. */
export function configMapOfVolume(workload: KubeObject, volume: string): string | undefined {
  return textAt(volumeNamed(workload, volume), ['configMap', 'name']);
}

export function missing(reason: FailureReason, message: string): Found {
  return { ok: false, reason, message };
}

function volumeNamed(workload: KubeObject, name: string): unknown {
  const volumes = valueAt(workload, ['spec', 'template', 'spec', 'volumes']);
  return Array.isArray(volumes) ? volumes.find((volume) => textAt(volume, ['name']) === name) : undefined;
}

function volumeOf(pvc: KubeObject, { name, subPath }: DataPvc): JobVolume {
  const storageClass = textAt(pvc, ['spec', 'storageClassName']);
  const size = textAt(pvc, ['spec', 'resources', 'requests', 'storage']);
  return {
    name: 'data',
    claim: name,
    ...(subPath === undefined ? {} : { subPath }),
    ...(storageClass === undefined || storageClass === '' ? {} : { storageClass }),
    ...(size === undefined ? {} : { size }),
  };
}

function imagesOf(workload: KubeObject): string[] {
  const containers = valueAt(workload, ['spec', 'template', 'spec', 'containers']);
  if (!Array.isArray(containers)) return [];
  return containers.flatMap((container) => textAt(container, ['image']) ?? []).slice(0, 16);
}

/**
 * The services that decide cloud-op's arguments, by the last part of the image's path: a registry's name that contains
 * "sm" or "raft" says nothing.
 */
function services(workload: KubeObject): Pick<JobTarget, 'crypto' | 'consensus'> {
  const names = imagesOf(workload).map((image) => (image.split('/').at(-1) ?? '').split(/[:@]/)[0] ?? '');
  const crypto = names.map((name) => /^(?:crypto|kms)_(sm|eth)$/.exec(name)?.[1]).find(isPresent);
  const consensus = names.map((name) => /^consensus_(bft|raft|overlord)$/.exec(name)?.[1]).find(isPresent);
  return {
    ...(crypto === 'sm' || crypto === 'eth' ? { crypto } : {}),
    ...(consensus === 'bft' || consensus === 'raft' || consensus === 'overlord' ? { consensus } : {}),
  };
}

function isPresent(text: string | undefined): boolean {
  return text !== undefined;
}

function kindOf(workload: KubeObject): 'StatefulSet' | 'Deployment' {
  return workload.kind === 'Deployment' ? 'Deployment' : 'StatefulSet';
}

function numberAt(workload: KubeObject, field: string): number | undefined {
  const value = valueAt(workload, ['spec', 'template', 'spec', 'securityContext', field]);
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}
