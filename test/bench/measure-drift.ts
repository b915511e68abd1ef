// Drift: an object is changed in the cluster by hand; how long until it is as before.

import { DEFAULT_NAMESPACE, LABEL } from '../../src/api/group.ts';
import { refOf } from '../../src/api/objects.ts';
import type { Kind } from '../../src/kube/cluster.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { member } from '../../src/lib/json-value.ts';
import { stableJson } from '../../src/lib/stable-json.ts';
import { type Figure, median } from './figure.ts';
import { nodeName } from './fleet.ts';
import { type Sightings, watchKind } from './sightings.ts';
import type { Stage } from './stage.ts';

const ROUNDS = 9;

/** Medians for a custom resource and for a workload. */
export async function measureDrift(stage: Stage): Promise<readonly Figure[]> {
  const workloads = await watchKind(stage.cluster, KINDS.StatefulSet, LABEL.node);
  try {
    return [
      await repair(stage, { seen: stage.nodes, kind: KINDS.BlockchainNode, field: 'desiredState', value: 'Running' }),
      await repair(stage, { seen: workloads, kind: KINDS.StatefulSet, field: 'replicas', value: 1 }),
    ];
  } finally {
    workloads.stop();
  }
}

interface Drift {
  readonly seen: Sightings;
  readonly kind: Kind;
  readonly field: string;
  readonly value: unknown;
}

async function repair({ cluster }: Stage, { seen, kind, field, value }: Drift): Promise<Figure> {
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const key = `${DEFAULT_NAMESPACE}/${nodeName(20 + round * 3)}`;
    const object = seen.get(key);
    if (object === undefined) throw new Error(`there is no ${kind.kind} ${key}`);
    const before = stableJson(member(object['spec'], field));
    const patched = await cluster.patch(refOf(object), [{ op: 'replace', path: `/spec/${field}`, value }]);
    const began = performance.now();
    const version = Number(patched.metadata.resourceVersion);
    const repaired = await seen.until(`${kind.kind} ${key} to be repaired`, 60_000, () => {
      const now = seen.get(key);
      return Number(now?.metadata.resourceVersion) > version && stableJson(member(now?.['spec'], field)) === before;
    });
    samples.push(repaired - began);
  }
  return { name: `drift of a ${kind.kind} repaired`, value: median(samples), unit: 'ms', limit: 500 };
}
