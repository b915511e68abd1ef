// The people of both clusters: who has the key is changed in Git again and again, and all that may be approved is approved.

import { parse, stringify } from 'yaml';

import { commitFiles, git } from '../support/git-repo.ts';
import type { Random } from './chaos.ts';
import { pick } from './chaos.ts';

export interface Operator {
  /** Moves a node to another executor, stops it or starts it. Says what it did. */
  change(): string;
  /** Approves what either side holds and may be approved. Gives how much that is so far. */
  approve(): number;
}

export interface OperatorOptions {
  readonly repo: string;
  readonly executors: readonly string[];
  /** `spec` without an executor, by the name of the node. */
  readonly nodes: Readonly<Record<string, object>>;
  readonly random: Random;
}

const STATUS_BRANCH = 'nodewright-status';
/** Older ones have done what they were for. */
const MOST_APPROVALS = 40;

export function createOperator({ repo, executors, nodes, random }: OperatorOptions): Operator {
  const approved: string[] = [];
  const placed = new Map(
    Object.keys(nodes).map((name, index) => [name, { executor: executors[index] ?? '', runs: true }]),
  );
  const write = (message: string): void => {
    const files = [...placed].map(([name, { executor, runs }]): [string, string] => {
      const spec = { ...nodes[name], executor, desiredState: runs ? 'Running' : 'Stopped' };
      return [`nodes/${name}.yaml`, documentOf('BlockchainNode', name, spec)];
    });
    commitFiles(repo, { ...Object.fromEntries(files), 'fleet.yaml': fleetFile(executors, approved) }, { message });
  };
  write('Start the fight');
  return {
    change() {
      const name = pick([...placed.keys()], random);
      const before = placed.get(name) ?? { executor: '', runs: false };
      const executor = random() < 0.6 ? pick(executors.filter((one) => one !== before.executor), random) : before.executor; // prettier-ignore
      const runs = executor === before.executor ? !before.runs : random() < 0.8;
      placed.set(name, { executor, runs });
      const what = `${name}: ${runs ? 'Running' : 'Stopped'} on ${executor}`;
      write(what);
      return what;
    },
    approve() {
      const digests = executors.flatMap((executor) => heldBy(repo, executor)).filter((one) => !approved.includes(one));
      if (digests.length > 0) {
        approved.push(...digests);
        write('Approve');
      }
      return approved.length;
    },
  };
}

function fleetFile(executors: readonly string[], approved: readonly string[]): string {
  return documentOf('Fleet', 'fleet', {
    executors: executors.map((name) => ({ name })),
    defaultExecutor: executors[0],
    guards: { maxDeletions: 100, maxDeletionPercent: 100 },
    approvals: approved.slice(-MOST_APPROVALS).map((digest) => ({ digest })),
  });
}

function documentOf(kind: string, name: string, spec: object): string {
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
}

interface Sync {
  readonly held?: { readonly digest?: string };
}

/** The edge: what the executor published; nothing when it has not published yet. */
function heldBy(repo: string, executor: string): readonly string[] {
  try {
    const { held } = parse(git(repo, ['show', `${STATUS_BRANCH}:${executor}/sync.yaml`])) as Sync;
    return held?.digest === undefined ? [] : [held.digest];
  } catch {
    return [];
  }
}
