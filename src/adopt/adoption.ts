// The plan of a take-over: the node file, what differs, who must stop first, and the steps.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { Difference } from './differences.ts';
import { differencesOf } from './differences.ts';
import type { ForeignWorkload } from './foreign-workload.ts';
import type { Proposal } from './propose.ts';
import type { Recognised } from './recognise.ts';
import { type SignerSecret, signerWarnings } from './signers.ts';
import { type BoundVolume, type Step, stepsOf } from './steps.ts';

export interface Adoption {
  readonly foreign: string;
  /** The text of the node file. */
  readonly file: string;
  readonly differences: readonly Difference[];
  readonly restart: string;
  readonly signers: readonly string[];
  /** Errors of the file, and what prevents a take-over of the data. */
  readonly problems: readonly string[];
  readonly steps: readonly Step[];
}

export interface AdoptionInput {
  readonly foreign: ForeignWorkload;
  readonly found: Recognised;
  readonly proposal: Proposal;
  readonly file: string;
  /** The file with its defaults; undefined when it has an error. */
  readonly node: BlockchainNode | undefined;
  readonly fileProblems: readonly string[];
  readonly signers: readonly SignerSecret[];
  readonly unreadSecrets: readonly string[];
  readonly bound: ReadonlyMap<string, BoundVolume>;
  readonly copy: boolean;
}

export function adoptionOf(input: AdoptionInput): Adoption {
  const { foreign, found, proposal, node, file } = input;
  const { chain } = found;
  const problems = [...proposal.problems, ...input.fileProblems, ...copyProblems(input), ...severalPods(foreign)];
  return {
    foreign: `${foreign.kind} ${foreign.namespace}/${foreign.name}`,
    file,
    differences:
      node === undefined ? [] : differencesOf({ foreign, found, proposal, node, workload: chain.workload(node) }),
    restart:
      'Needed, once: a running pod cannot get another owner, so the old one stops and the pod of the node starts on the same data.',
    signers: signerWarnings({ chain, node, foreign, signers: input.signers, unread: input.unreadSecrets }),
    problems,
    steps: node === undefined || problems.length > 0 ? [] : stepsOf({ ...input, node, volumes: proposal.volumes }),
  };
}

function copyProblems({ copy, proposal, bound, foreign, node }: AdoptionInput): readonly string[] {
  if (!copy) return [];
  const namespace = node?.metadata.namespace;
  const moved =
    namespace === undefined || namespace === foreign.namespace
      ? []
      : [`A PVC is copied within its namespace only: use the namespace ${foreign.namespace}, or leave out --copy.`];
  const plain = proposal.volumes
    .filter(({ pvc }) => bound.get(pvc.name)?.isCsi !== true)
    .map(({ pvc }) => `PVC ${pvc.name} has no CSI driver that could copy it: leave out --copy.`);
  return [...moved, ...plain];
}

function severalPods({ replicas, kind, name }: ForeignWorkload): readonly string[] {
  if (kind !== 'Deployment' || replicas <= 1) return [];
  return [`Deployment ${name} has ${replicas} pods on one volume; a node is one pod. Scale it to 1 first.`];
}
