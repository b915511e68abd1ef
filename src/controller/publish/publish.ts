// Everything that is known goes to the status branch, in one commit, when something changed.

import type { StatusBranch } from '../../git/engine.ts';
import { describeError } from '../../lib/errors.ts';
import { commitMessage, describeBatch } from '../../status/batch.ts';
import { documents, type DocumentOptions, nodeFile, syncFile, syncPath } from '../../status/documents.ts';
import type { FleetView, ProblemView } from '../../status/fleet-view.ts';
import { forgetGone } from '../../status/node-file.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import { eachYielding } from '../engine/run-yielding.ts';
import { timed } from '../engine/timed.ts';
import { otherCluster } from '../fleet/other-cluster.ts';
import { isUnknownExecutor } from '../fleet/unlisted.ts';
import type { KeyRound } from '../node/keys/ledger.ts';
import { announceWaiting } from './announce-waiting.ts';
import type { PublishDeps } from './deps.ts';
import { fleetView } from './fleet-view.ts';
import { beginKeys, decidedKeys, landKeys, lookMs } from './keys.ts';
import { sampleJobs } from './jobs-sample.ts';
import { checkOwner, NotOurName, readOther, reportOther, withdrawReport } from './other-cluster.ts';
import { noteLostBranch } from './lost-branch.ts';
import { problemsOf } from './problems.ts';
import { sharedFiles } from './readme.ts';
import { notePushed, notePushFailed } from './push-trouble.ts';

/** Heights alone make no commit before this. */
const SNAPSHOT_INTERVAL_MS = 3_600_000;

const MEMORY_RETRY_MS = 1000;

/** Until the desired branch was read; of an executor that it does not list until its controller ends. */
const UNREAD_RETRY_MS = 1000;

/** How long the requests take to be compared with their records. */
const FIRST_JUDGEMENT_MS = 1000;
const MAX_JUDGEMENT_MS = 10_000;

type Files = ReadonlyMap<string, string>;

/** No request when nothing changed since the last push, except for a comparison of the tip now and then. */
export async function publishStatus(deps: PublishDeps, signal: AbortSignal): Promise<ReconcileResult> {
  const { statusBranch } = deps;
  const problems = problemsOf(deps);
  countProblems(problems, deps);
  announceWaiting(deps);
  if (statusBranch === undefined) return DONE;
  if (isUnknownExecutor(deps)) return again(UNREAD_RETRY_MS);
  // The copy on the branch may be all that is left of it.
  if (!deps.memory.isKnown) return again(MEMORY_RETRY_MS);
  try {
    const written = await writeOwnBranch({ statusBranch, problems }, deps, signal);
    if (written !== 'reported') notePushed(deps);
    if (written === 'judging') return again(FIRST_JUDGEMENT_MS);
  } catch (error) {
    if (!signal.aborted) notePushFailed(error, deps);
    throw error;
  }
  return again(lookMs(deps));
}

interface Writing {
  readonly statusBranch: StatusBranch;
  readonly problems: readonly ProblemView[];
}

/** Nothing in the executor's folder while that belongs to another cluster. */
async function writeOwnBranch(
  { statusBranch, problems }: Writing,
  deps: PublishDeps,
  signal: AbortSignal,
): Promise<'written' | 'judging' | 'reported'> {
  const other = await readOther(statusBranch, deps, signal);
  if (other !== undefined) {
    await reportOther({ statusBranch, other, problems }, deps, signal);
    return 'reported';
  }
  try {
    if (await withdrawReport(statusBranch, deps, signal)) await readAgain(statusBranch, deps, signal);
    return (await writeBranch({ statusBranch, problems }, deps, signal)) ? 'written' : 'judging';
  } catch (error) {
    const found = error instanceof NotOurName ? otherCluster(deps) : undefined;
    if (found === undefined) throw error;
    deps.notify('OwnerChanged', {});
    await reportOther({ statusBranch, other: found, problems }, deps, signal);
    return 'reported';
  }
}

/** What the other cluster has recorded since the first read counts too. */
async function readAgain(statusBranch: StatusBranch, deps: PublishDeps, signal: AbortSignal): Promise<void> {
  const files = await statusBranch.read(deps.settings.executor, signal);
  checkOwner(files, deps);
  deps.published.files = files;
  await takeRecords(files, deps);
}

/** False when the records were only read: what they refuse is judged before the first push, which would say that all is well. */
async function writeBranch(
  { statusBranch, problems }: Writing,
  deps: PublishDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const { published, settings } = deps;
  const previous = published.files ?? (await statusBranch.read(settings.executor, signal));
  if (published.files === undefined) checkOwner(previous, deps);
  if ((await loadRecords(previous, deps)) || isJudging(deps)) return false;
  const files = await composeFiles(fleetView(problems, deps), previous, deps);
  const keys = await beginKeys(deps);
  if (!isUnchanged(files, deps) || deps.keyLedger.isDue(keys) || (await hasMoved(statusBranch, deps, signal)))
    await push({ statusBranch, previous, files, keys }, deps, signal);
  return true;
}

/** A request that cannot be judged must not keep the status from being written. */
function isJudging({ fleet, published, refusals, runtime }: PublishDeps): boolean {
  const isAwaited = fleet.pulled !== undefined && !refusals.areJudged;
  return isAwaited && runtime.now() - published.recordsAt < MAX_JUDGEMENT_MS;
}

function countProblems(problems: readonly ProblemView[], { runtime }: PublishDeps): void {
  const errors = problems.filter(({ level }) => level === 'error').length;
  runtime.telemetry.problems({ errors, warnings: problems.length - errors });
}

/** True when they were not loaded before. */
async function loadRecords(files: Files, deps: PublishDeps): Promise<boolean> {
  const { records, published, runtime } = deps;
  if (records.isLoaded) return false;
  await takeRecords(files, deps);
  published.recordsAt = runtime.now();
  return true;
}

async function takeRecords(files: Files, deps: PublishDeps): Promise<void> {
  const { records, runtime, notify } = deps;
  await noteLostRecords(files, deps);
  await eachYielding([...files], ([path, text]) => records.readAhead(path, text));
  records.load(files);
  // What was reconciled before the branch was read waits for its records.
  notify('RecordsPushed', { jobKeys: [...records.pushedAll().keys()] });
  runtime.telemetry.jobs(sampleJobs(records.pushedAll()));
}

/**
 * Before the first push, which makes the branch look like one that was never lost. What the controller did before is on
 * the branch: without its folder the requests of the commit that was applied may have run.
 */
async function noteLostRecords(files: Files, deps: PublishDeps): Promise<void> {
  const { memory, settings, runtime } = deps;
  const { lost, published, recordsLostAt } = memory.current;
  const hasWorked = published !== undefined || lost !== undefined;
  if (!hasWorked || recordsLostAt !== undefined || files.has(`${settings.executor}/sync.yaml`)) return;
  runtime.log.warn(
    { executor: settings.executor, commit: memory.commitAtStart },
    'Missing the status branch of earlier work',
  );
  await memory.save(() => ({ recordsLostAt: memory.commitAtStart ?? 'unknown' }));
  await noteLostBranch({ how: 'missing' }, deps);
}

/** Node by node first: the documents of a thousand nodes that changed at once must not delay other reconciliations. */
async function composeFiles(view: FleetView, previous: Files, deps: PublishDeps): Promise<Files> {
  const { runtime, redactor, records, published } = deps;
  const options: DocumentOptions = {
    previous,
    now: runtime.now(),
    snapshotIntervalMs: SNAPSHOT_INTERVAL_MS,
    redactor,
    written: published.written,
  };
  await eachYielding(view.nodes, (node) => void nodeFile(view.executor, node, options));
  const recordFiles = records.files(redactor);
  const asBefore = publishedAt(previous, view.executor, deps);
  const files = new Map([...documents(withTime(view, asBefore), options), ...recordFiles]);
  if (asBefore !== undefined && sameFiles(files, previous)) return files;
  return files.set(syncPath(view.executor), syncFile(withTime(view, timestamp(runtime.now())), redactor));
}

/** The time that the branch shows: it moves only together with something else. */
function publishedAt(previous: Files, executor: string, { published }: PublishDeps): string | undefined {
  const path = syncPath(executor);
  return published.reader.sync(path, previous.get(path) ?? '')?.publishedAt;
}

function withTime(view: FleetView, time: string | undefined): FleetView {
  return { ...view, sync: { ...view.sync, publishedAt: time } };
}

function isUnchanged(files: Files, { published }: PublishDeps): boolean {
  return published.files !== undefined && sameFiles(published.files, files);
}

function sameFiles(a: Files, b: Files): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}

/** Whether someone else pushed to the branch. A host that does not answer is reported by `pullBranch`, which asks it more often. */
async function hasMoved(branch: StatusBranch, deps: PublishDeps, signal: AbortSignal): Promise<boolean> {
  const { published, runtime } = deps;
  if (runtime.now() - published.checkedAt < lookMs(deps)) return false;
  published.checkedAt = runtime.now();
  try {
    return (await branch.tip(signal)) !== published.tip;
  } catch (error) {
    runtime.log.debug({ reason: describeError(error) }, 'Reading the tip of the status branch failed');
    return false;
  }
}

interface Push {
  readonly statusBranch: StatusBranch;
  readonly previous: Files;
  readonly files: Files;
  readonly keys: KeyRound;
}

async function push(
  { statusBranch, previous, files, keys }: Push,
  deps: PublishDeps,
  signal: AbortSignal,
): Promise<void> {
  const { published, settings, runtime, fleet, memory } = deps;
  const { executor } = settings;
  const { reader } = published;
  forgetGone(published.written, files);
  await eachYielding([...previous, ...files], ([path, text]) => void reader.node(path, text));
  const message = commitMessage(describeBatch(previous, files, reader), {
    sourceCommit: fleet.appliedRevision,
    executor,
    template: settings.statusMessage,
  });
  const request = {
    prefix: executor,
    last: published.tip,
    files,
    shared: async (tree: Files) => await sharedFiles(tree, deps),
    first: keys.followed,
    decided: decidedKeys(keys, deps),
    message,
    author: settings.statusAuthor ?? { name: 'nodewright', email: `${executor}@nodewright.invalid` },
    at: Math.floor(runtime.now() / 1000),
  };
  const last = published.tip;
  const { pushed, commit, lost } = await timed(
    runtime,
    'push',
    async () => await statusBranch.publish(request, signal),
  );
  Object.assign(published, { files, tip: commit, checkedAt: runtime.now() });
  await landKeys(keys, deps);
  await memory.save(() => ({ published: 'yes' }));
  if (lost !== undefined) await noteLostBranch({ how: lost, last }, deps);
  noteLanded(files, deps);
  if (!pushed) return;
  runtime.telemetry.statusCommitted();
  runtime.log.info({ commit, subject: message.split('\n')[0] }, 'Published status');
}

function noteLanded(files: Files, { records, runtime, notify }: PublishDeps): void {
  const jobKeys = records.landed(files);
  if (jobKeys.length === 0) return;
  notify('RecordsPushed', { jobKeys });
  runtime.telemetry.jobs(sampleJobs(records.pushedAll()));
}
