// Watches over signing keys: which pod has which, and that nothing touches a key's record while a pod signs with it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { V1Pod } from '@kubernetes/client-node';

import { JOB_UID_LABEL } from '../../src/api/job-object.ts';
import { volumeFolder } from './volume-folder.ts';
import type { PodsWorld } from './world.ts';

export interface KeyWatch {
  /** Everything that must not be, in words. */
  readonly offences: readonly string[];
  /** The signer state on the node's volume at the moment its newest pod was made: before anything could sign. */
  signerState(node: string): string | undefined;
}

const STATE = 'data/priv_validator_state.json';

/** Checks each new pod the moment it is there. `nodes` are all that may sign. */
export function watchKeys(world: PodsWorld, nodes: readonly string[]): KeyWatch {
  const offences: string[] = [];
  const states = new Map<string, string>();
  world.onNewPod((pod) => {
    const name = pod.metadata?.name ?? '';
    const node = nodes.find((one) => name === `${one}-0`);
    const secrets = secretsOf(pod);
    for (const other of nodes) {
      const shared = secretsOf(world.pod(other)).filter((secret) => other !== node && secrets.includes(secret));
      for (const secret of shared) offences.push(`${name} was made with ${secret} while ${other} had a pod with it`);
      if (touches(pod, `data-${other}-0`) && world.pod(other) !== undefined)
        offences.push(`${name} was made to work on ${other} while that had a pod`);
    }
    if (node === undefined) {
      if (secrets.length > 0) offences.push(`${name} is no node and has ${secrets.join(', ')}`);
      return;
    }
    const text = stateOn(world, node);
    if (text !== undefined) states.set(node, text);
  });
  return { offences, signerState: (node) => states.get(node) };
}

/** The Secrets that a pod has, by name. */
export function secretsOf(pod: V1Pod | undefined): readonly string[] {
  return (pod?.spec?.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? []);
}

function touches(pod: V1Pod, pvc: string): boolean {
  const isWork = pod.metadata?.labels?.[JOB_UID_LABEL] !== undefined;
  return isWork && (pod.spec?.volumes ?? []).some((one) => one.persistentVolumeClaim?.claimName === pvc);
}

/** A node's first pod is made before its volume. */
function stateOn(world: PodsWorld, node: string): string | undefined {
  try {
    return readFileSync(join(volumeFolder(world, `data-${node}-0`), STATE), 'utf8');
  } catch {
    return undefined;
  }
}
