// What differs between the pod of the other tool and the pod of the node.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { Workload } from '../chains/workload.ts';
import { nodeLabels } from '../render/labels.ts';
import { namesOf } from '../render/names.ts';
import type { ForeignWorkload } from './foreign-workload.ts';
import type { Proposal } from './propose.ts';
import type { Recognised, RecognisedRole } from './recognise.ts';

export interface Difference {
  readonly what: string;
  readonly now: string;
  readonly then: string;
}

interface Compared {
  readonly foreign: ForeignWorkload;
  readonly found: Recognised;
  readonly proposal: Proposal;
  readonly node: BlockchainNode;
  readonly workload: Workload;
}

export function differencesOf(compared: Compared): readonly Difference[] {
  const { foreign, found, node, workload } = compared;
  const all: readonly Difference[] = [
    { what: 'workload', now: `${foreign.kind} ${foreign.namespace}/${foreign.name}`, then: workloadOf(node) },
    { what: 'pod', now: foreign.podName, then: namesOf(node).pod },
    { what: 'user', now: foreign.uid === undefined ? "the image's" : String(foreign.uid), then: String(workload.uid) },
    { what: 'host network', now: foreign.hostNetwork ? 'yes' : 'no', then: 'no' },
    { what: 'pod labels', now: labelText(foreign.podLabels), then: labelText(nodeLabels(node)) },
    ...found.roles.flatMap((role) => roleDifferences(role, compared)),
    ...volumeDifferences(compared),
    ...leftBehind(compared),
  ];
  return all.filter(({ now, then }) => now !== then);
}

function workloadOf(node: BlockchainNode): string {
  return `StatefulSet ${node.metadata.namespace ?? ''}/${namesOf(node).statefulSet}`;
}

function roleDifferences(
  { role, container, line }: RecognisedRole,
  { workload, proposal }: Compared,
): readonly Difference[] {
  const ours = workload.containers.find(({ name }) => name === role);
  if (ours === undefined) return [];
  const left = proposal.leftOut[role] ?? {};
  const theirs = line.flags.map(({ name, value }) => (value === '' ? `--${name}` : `--${name}=${value}`));
  return [
    { what: `container of ${role}`, now: container.name, then: ours.name },
    { what: `${role}: image`, now: container.image, then: ours.image },
    {
      what: `${role}: ports`,
      now: numbers(container.ports),
      then: numbers((ours.ports ?? []).map(({ port }) => port)),
    },
    {
      what: `${role}: flags`,
      now: list(theirs.filter((flag) => !(ours.args ?? []).includes(flag))),
      then: list((ours.args ?? []).filter((flag) => !theirs.includes(flag))),
    },
    ...Object.entries(left)
      .filter(([, why]) => why !== 'set by the controller')
      .map(([flag, why]) => ({ what: `${role}: flag ${flag}`, now: 'set', then: `left out: ${why}` })),
    { what: `${role}: variables`, now: list(container.variables), then: list(Object.keys(ours.env ?? {})) },
  ];
}

function volumeDifferences({ foreign, proposal, node }: Compared): readonly Difference[] {
  return proposal.volumes.map(({ volume, pvc }) => ({
    what: `PVC of volume ${volume}`,
    now: `${foreign.namespace}/${pvc.name}`,
    then: `${node.metadata.namespace ?? ''}/${volume}-${namesOf(node).pod}`,
  }));
}

/** What the other pod has and a node file does not take over by itself. */
function leftBehind({ foreign, found, proposal }: Compared): readonly Difference[] {
  const known = new Set(found.roles.map(({ container }) => container.name));
  const adopted = new Set(proposal.volumes.map(({ pvc }) => pvc.name));
  const others = [...foreign.pvcs.values()].filter((pvc) => !adopted.has(pvc));
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['other containers', foreign.containers.map(({ name }) => name).filter((name) => !known.has(name))],
    ['init containers', foreign.initContainers],
    ['other PVCs', others],
  ];
  return rows.map(([what, names]) => ({
    what,
    now: list(names),
    then: names.length === 0 ? 'none' : 'not taken over',
  }));
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return list(Object.entries(labels).map(([key, value]) => `${key}=${value}`).toSorted()); // prettier-ignore
}

function numbers(ports: readonly number[]): string {
  return list([...new Set(ports)].toSorted((a, b) => a - b).map(String));
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(' ');
}
