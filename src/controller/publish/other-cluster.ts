// A cluster that does not own the executor name reports under a name of its own, so that it overwrites nothing.

import type { StatusBranch } from '../../git/engine.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { syncFile, syncPath } from '../../status/documents.ts';
import type { FleetView, ProblemView } from '../../status/fleet-view.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import {
  clusterIn,
  describeOther,
  heldByOther,
  judgeOwner,
  otherCluster,
  type OtherCluster,
} from '../fleet/other-cluster.ts';
import type { PublishDeps } from './deps.ts';
import { fleetView } from './fleet-view.ts';
import { followedExecutors } from './followed.ts';
import { sharedFiles } from './readme.ts';

/** `paris@0f3a91c2`: no executor can be called so. */
function ownName({ settings, memory }: PublishDeps): string {
  return `${settings.executor}@${(memory.current.cluster ?? '').slice(0, 8)}`;
}

/** Reads again whose files these are. */
export async function readOther(
  statusBranch: StatusBranch,
  deps: PublishDeps,
  signal: AbortSignal,
): Promise<OtherCluster | undefined> {
  if (otherCluster(deps) === undefined) return undefined;
  const { executor } = deps.settings;
  deps.branchOwner.cluster = clusterIn(await statusBranch.read(executor, signal), executor);
  return otherCluster(deps);
}

/** On the tip that a push builds on. Throws when another cluster owns the files. */
export function checkOwner(tip: ReadonlyMap<string, string | undefined>, deps: PublishDeps): void {
  const cluster = clusterIn(tip, deps.settings.executor);
  deps.branchOwner.cluster = cluster;
  const other = judgeOwner(cluster, deps);
  if (other !== undefined) throw new NotOurName(other);
}

export class NotOurName extends Error {
  constructor(other: OtherCluster) {
    super(describeOther(other));
  }
}

export interface Report {
  readonly statusBranch: StatusBranch;
  readonly other: OtherCluster;
  readonly problems: readonly ProblemView[];
}

/** In the branch and as an Event about the Lease; commits only when something changed. */
export async function reportOther(
  { statusBranch, other, problems }: Report,
  deps: PublishDeps,
  signal: AbortSignal,
): Promise<void> {
  const { published, redactor, runtime } = deps;
  announce(other, deps);
  const view = viewOf(other, problems, deps);
  const text = syncFile(view, redactor);
  if (text === published.reported) return;
  const at = timestamp(runtime.now());
  const file = syncFile({ ...view, sync: { ...view.sync, publishedAt: at } }, redactor);
  await write(new Map([[syncPath(view.executor), file]]), { statusBranch, subject: other.message, signal }, deps);
  published.reported = text;
}

/** The name is ours now: what was reported meanwhile is gone from the branch. True when there was something. */
export async function withdrawReport(
  statusBranch: StatusBranch,
  deps: PublishDeps,
  signal: AbortSignal,
): Promise<boolean> {
  if (deps.published.reported === undefined) return false;
  await write(new Map(), { statusBranch, subject: 'This cluster owns the executor name', signal }, deps);
  deps.published.reported = undefined;
  return true;
}

function viewOf(other: OtherCluster, problems: readonly ProblemView[], deps: PublishDeps): FleetView {
  const view = fleetView(problems, deps);
  return { ...view, executor: ownName(deps), sync: { ...view.sync, otherCluster: describeOther(other) } };
}

interface Push {
  readonly statusBranch: StatusBranch;
  readonly subject: string;
  readonly signal: AbortSignal;
}

async function write(
  files: ReadonlyMap<string, string>,
  { statusBranch, subject, signal }: Push,
  deps: PublishDeps,
): Promise<void> {
  const { settings, runtime } = deps;
  const name = ownName(deps);
  const request = {
    prefix: name,
    files,
    shared: async (tree: ReadonlyMap<string, string>) => await sharedFiles(tree, deps),
    first: followedExecutors(deps),
    message: `${name}: ${subject}\n\nExecutor: ${name}\n`,
    author: settings.statusAuthor ?? { name: 'nodewright', email: `${settings.executor}@nodewright.invalid` },
    at: Math.floor(runtime.now() / 1000),
  };
  await statusBranch.publish(request, signal);
}

function announce(other: OtherCluster, deps: PublishDeps): void {
  const { published, runtime, settings } = deps;
  const text = describeOther(other);
  if (published.trouble !== text) {
    const { message: reason, held, release } = other;
    const facts = { executor: settings.executor, reason, held, release };
    if (heldByOther(deps) === undefined)
      runtime.log.error(facts, 'Holding jobs and new signing keys: the branch names another cluster for the executor');
    else runtime.log.error(facts, 'Holding everything: the branch names another cluster for the executor');
  }
  published.trouble = text;
  runtime.telemetry.statusPushFailing(true);
  emitAboutLease({ type: 'Warning', reason: 'OtherCluster', message: text, state: 'pushing' }, deps);
}
