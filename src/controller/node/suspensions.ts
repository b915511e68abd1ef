// Which nodes are suspended, as the reconcilers go by it: over a restart, an outage of Git, a fleet.yaml with an error, and a held branch.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import {
  type FleetSuspension,
  type Suspension,
  suspendingPart,
  suspensionOf,
  suspensionOfFleet,
} from '../../api/fleet.ts';
import { ANNOTATION, LABEL } from '../../api/group.ts';
import { keyOf } from '../../api/objects.ts';
import type { Plan } from '../../plan/action.ts';
import { branchHold } from '../../plan/hold-text.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Ancestry } from '../../git/engine.ts';
import type { Memory } from '../engine/memory.ts';
import { isOwnedBy } from './owner.ts';
import type { Watches } from './watches.ts';

/** `unknown`: the node comes from Git, and no fleet.yaml could be read since the memory of it was lost or before it was kept. */
export type Suspended = Suspension | 'unknown';

export interface Suspensions {
  /** By what the node, `namespace/name`, is suspended: live, or declared and not created yet. Undefined: it is not. */
  of(nodeKey: string): Suspended | undefined;
  /** By what the fleet as a whole is suspended. */
  ofFleet(): Suspension | undefined;
  /**
   * The plan of what was pulled last was carried out: from here on what it does not suspend is not suspended. Returns the own
   * nodes that are new or for which that changed since the last call, or since the last process.
   */
  follow(plan: Plan): Promise<readonly string[]>;
}

/** What was read of the branch last. */
interface Read {
  readonly pulled:
    | { readonly desired: Pick<DesiredSet, 'fleet' | 'fleetBroken' | 'nodes'>; readonly ancestry: Ancestry | 'first' }
    | undefined;
}

export interface SuspensionsDeps {
  readonly fleet: Read;
  readonly memory: Pick<Memory, 'current' | 'save'>;
  readonly watches: Pick<Watches, 'nodes'>;
  readonly executor: string;
  /** Whether nothing may be stored, see fleet/unlisted.ts. */
  readonly isUnknownExecutor: () => boolean;
}

/**
 * A suspension begins when a commit that has it was read, and ends when the plan of one that does not was carried out: a node is
 * changed once, to what its file says then. What was followed last is remembered in the cluster.
 */
export function createSuspensions(deps: SuspensionsDeps): Suspensions {
  const { fleet, memory, watches } = deps;
  let known: ReadonlyMap<string, string> | undefined;

  const read = (): Fleet | undefined => readFleet(fleet);

  function states(of: (nodeKey: string) => Suspended | undefined): ReadonlyMap<string, string> {
    const own = watches.nodes.list().filter((node) => isOwnedBy(node, deps.executor));
    return new Map(own.map((node) => [keyOf(node), JSON.stringify(of(keyOf(node)) ?? null)]));
  }

  const remembered = (nodeKey: string): Suspended | undefined =>
    judge(nodeKey, { ...deps, read: undefined, remembered: memory.current.suspension });
  const of = (nodeKey: string): Suspended | undefined =>
    judge(nodeKey, { ...deps, read: read(), remembered: memory.current.suspension });

  return {
    of,
    ofFleet: () => suspensionOfFleet(read() ?? {}) ?? suspensionOfFleet(memory.current.suspension ?? {}),
    async follow({ actions }) {
      known ??= states(remembered);
      const next = read();
      const isHeld = branchHold(actions, fleet.pulled?.ancestry) !== undefined;
      if (next !== undefined && !isHeld && !deps.isUnknownExecutor())
        await memory.save(() => ({ suspension: suspendingPart(next) }));
      const before = known;
      known = states(of);
      return [...known].filter(([key, state]) => before.get(key) !== state).map(([key]) => key);
    },
  };
}

type Fleet = FleetSuspension & { readonly fileOf: (nodeKey: string) => string | undefined };

/** Of the commit that was read last; undefined when its fleet.yaml has an error. */
function readFleet({ pulled }: Read): Fleet | undefined {
  if (pulled === undefined || pulled.desired.fleetBroken) return undefined;
  const { fleet, nodes } = pulled.desired;
  return { ...suspendingPart(fleet), fileOf: (nodeKey) => nodes.get(nodeKey)?.file };
}

interface Judging {
  readonly fleet: Read;
  readonly watches: Pick<Watches, 'nodes'>;
  readonly read: Fleet | undefined;
  readonly remembered: FleetSuspension | undefined;
}

function judge(nodeKey: string, judging: Judging): Suspended | undefined {
  const live = judging.watches.nodes.get(nodeKey);
  const declared = judging.fleet.pulled?.desired.nodes.get(nodeKey)?.node;
  const found = suspendedBy(nodeKey, live ?? declared, judging);
  if (found !== undefined || live === undefined) return found;
  const isKnown = judging.read !== undefined || judging.remembered !== undefined;
  return isKnown || !isFromGit(live) ? undefined : 'unknown';
}

/** Either says so: what was read last, with where its files are, or what was followed last, with where they were. */
function suspendedBy(
  nodeKey: string,
  node: BlockchainNode | undefined,
  { read, remembered }: Judging,
): Suspension | undefined {
  const file = node?.metadata.annotations?.[ANNOTATION.file];
  return (
    suspensionOf({ fleet: read ?? {}, file: read?.fileOf(nodeKey) ?? file, spec: {} }) ??
    suspensionOf({ fleet: remembered ?? {}, file, spec: node?.spec ?? {} })
  );
}

function isFromGit({ metadata: { labels, annotations } }: BlockchainNode): boolean {
  return labels?.[LABEL.executor] !== undefined || annotations?.[ANNOTATION.file] !== undefined;
}
