// The way out: everything that is true goes to the status branch, in one commit, when something changed.

import { keyOf } from '../../api/objects.ts';
import { chains } from '../../chains/index.ts';
import type { StatusBranch } from '../../git/engine.ts';
import { describeError } from '../../lib/errors.ts';
import { commitMessage, describeBatch } from '../../status/batch.ts';
import { type DocumentOptions, documents, nodeFile } from '../../status/documents.ts';
import type { CapabilitiesView, FleetView, SyncView } from '../../status/fleet-view.ts';
import { forgetGone, type WrittenNodes } from '../../status/node-file.ts';
import { renderReadme } from '../../status/readme.ts';
import { createTreeReader } from '../../status/tree-nodes.ts';
import { ANNOTATION } from '../../api/group.ts';
import { inSteps } from '../engine/in-steps.ts';
import type { ControllerOptions } from '../engine/options.ts';
import type { Identities } from '../node/identities.ts';
import { sampleJobs } from './jobs-sample.ts';
import type { Puller } from '../fleet/pull.ts';
import type { Records } from '../job/records.ts';
import type { RequestRefusal } from '../job/reconcile-requests.ts';
import type { Schedules } from '../job/schedules.ts';
import { isOurs, type Syncer } from '../fleet/reconcile.ts';
import { timed } from '../engine/timed.ts';
import type { World } from '../node/watches.ts';

/** Heights alone make no commit before this. */
const SNAPSHOT_INTERVAL_MS = 3_600_000;

export interface Publisher {
  /** Composes and pushes. Costs no request when nothing changed since the last push, but for a look at the branch now and then. */
  publish(signal: AbortSignal): Promise<void>;
}

export interface PublishParts {
  readonly world: World;
  readonly puller: Puller;
  readonly syncer: Syncer;
  readonly capabilities: () => CapabilitiesView;
  readonly records: Records;
  readonly identities: Identities;
  readonly schedules: Pick<Schedules, 'views'>;
  /** Requests that are not carried out, and why. */
  readonly refusals: () => readonly RequestRefusal[];
  /** Records as they are on the branch now; called when they were read, and after every push that changed one. */
  readonly onRecords: (keys: readonly string[]) => void;
  readonly options: ControllerOptions;
}

export function createPublisher(parts: PublishParts): Publisher {
  const { options, records, onRecords } = parts;
  const { statusBranch, settings, runtime } = options;
  /** The files as they are on the branch; undefined until they were read. */
  let published: ReadonlyMap<string, string> | undefined;
  /** The branch as we left it, or found it to be in order. */
  let tip: string | undefined;
  let lookedAt = 0;
  const written: WrittenNodes = new Map();
  const reader = createTreeReader();

  async function publish(signal: AbortSignal): Promise<void> {
    if (statusBranch === undefined) return;
    const previous = published ?? (await statusBranch.read(settings.executor, signal));
    if (!records.isLoaded) {
      await inSteps([...previous], ([path, text]) => records.readAhead(path, text));
      records.load(previous);
      // Whoever looked before the branch was read has put everything off.
      onRecords([...records.pushedAll().keys()]);
      runtime.telemetry.jobs(sampleJobs(records.pushedAll()));
    }
    const limits = {
      previous,
      now: runtime.now(),
      snapshotIntervalMs: SNAPSHOT_INTERVAL_MS,
      redactor: options.redactor,
      written,
    };
    const files = new Map([...(await compose(viewOf(parts), limits)), ...records.files(options.redactor)]);
    if (published !== undefined && sameFiles(published, files) && !(await hasMoved(statusBranch, signal))) return;
    forgetGone(written, files);
    await inSteps([...previous, ...files], ([path, text]) => void reader.node(path, text));
    const sourceCommit = parts.syncer.state.appliedRevision;
    const message = commitMessage(describeBatch(previous, files, reader), {
      sourceCommit,
      executor: settings.executor,
    });
    const request = {
      prefix: settings.executor,
      files,
      shared: (tree: ReadonlyMap<string, string>) => new Map([['README.md', renderReadme(tree, reader)]]),
      message,
      author: { name: 'nodewright', email: `${settings.executor}@nodewright.invalid` },
      at: Math.floor(runtime.now() / 1000),
    };
    const { pushed, commit } = await timed(runtime, 'push', async () => await statusBranch.publish(request, signal));
    [published, tip, lookedAt] = [files, commit, runtime.now()];
    const landed = records.landed(files);
    if (landed.length > 0) {
      onRecords(landed);
      runtime.telemetry.jobs(sampleJobs(records.pushedAll()));
    }
    if (!pushed) return;
    runtime.telemetry.statusCommitted();
    runtime.log.info({ commit, subject: message.split('\n')[0] }, 'Published status');
  }

  /** Whether somebody wrote to the branch. That it can't be asked is for the pull loop to say, which asks the same host oftener. */
  async function hasMoved(branch: StatusBranch, signal: AbortSignal): Promise<boolean> {
    if (runtime.now() - lookedAt < settings.statusLookMs) return false;
    lookedAt = runtime.now();
    try {
      return (await branch.tip(signal)) !== tip;
    } catch (error) {
      runtime.log.debug({ reason: describeError(error) }, 'Could not look at the status branch');
      return false;
    }
  }

  return { publish };
}

/** Node by node first: a thousand nodes that changed at once must not hold up the other loops. */
async function compose(view: FleetView, options: DocumentOptions): Promise<ReadonlyMap<string, string>> {
  await inSteps(view.nodes, (node) => void nodeFile(view.executor, node, options));
  return documents(view, options);
}

function viewOf(parts: PublishParts): FleetView {
  const { world, capabilities, options } = parts;
  const { executor, version } = options.settings;
  const nodes = world.nodes
    .list()
    .filter((node) => isOurs(node, executor))
    .map((node) => ({ node, file: node.metadata.annotations?.[ANNOTATION.file] }))
    .sort((a, b) => (keyOf(a.node) < keyOf(b.node) ? -1 : 1));
  return {
    executor,
    controllerVersion: version,
    nodes,
    capabilities: capabilities(),
    sync: syncView(parts),
  };
}

function syncView({ world, puller, syncer, identities, schedules, refusals, options }: PublishParts): SyncView {
  const { pulled, trouble } = puller.state;
  const { plan, failures, appliedRevision, lastApplied } = syncer.state;
  const denied = world.troubles().map(({ kind, error }) => `${kind} can't be watched: ${describeError(error)}`);
  return {
    branch: options.settings.branch,
    seen: pulled?.revision,
    applied: appliedRevision,
    problems: [...(pulled?.desired.problems ?? []), ...refusals().map(asProblem)],
    held: plan?.actions.filter((action) => action.hold !== undefined) ?? [],
    kept: plan?.kept ?? [],
    heldDigest: plan?.heldDigest,
    lastApplied,
    gitTrouble: trouble === undefined ? undefined : `${trouble.code}: ${trouble.message}`,
    failures,
    identities: Object.fromEntries(identities.overrides()),
    clusterTrouble: denied.length === 0 ? undefined : denied.join('; '),
    schedules: pulled === undefined ? undefined : schedules.views(pulled),
    suspended: pulled?.desired.fleet.suspend,
  };
}

function asProblem({ file, code, message }: RequestRefusal): SyncView['problems'][number] {
  return { level: 'error', code, file, line: 1, column: 1, message };
}

/** What this program can run, from the chains' own descriptions. */
export function chainCapabilities(): CapabilitiesView['chains'] {
  return chains.map(({ name, networks, customNetworks, nodeTypes, roles }) => ({
    name,
    networks: networks.map((network) => network.name),
    customNetworks,
    nodeTypes,
    roles: roles.map((role) => ({ name: role.name, clients: role.clients })),
  }));
}

function sameFiles(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}
