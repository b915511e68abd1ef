// Reads node documents back from a status branch. Any controller may have written them: nothing in them is trusted.

import { z } from 'zod';

import { shownSuspension } from '../api/fleet.ts';
import { finish } from '../lib/finish.ts';
import { readYamlInSteps } from '../lib/yaml/read.ts';

const Text = z.string().max(10_000).catch('');

const Document = z.object({
  spec: z.object({ chain: Text, network: Text }).catch({ chain: '', network: '' }),
  status: z.object({
    phase: Text,
    conditions: z
      .array(z.object({ type: Text, status: Text, reason: Text, message: Text }))
      .max(100)
      .catch([]),
    hold: z.object({ reason: Text, message: Text }).optional().catch(undefined),
    pause: z.object({ message: Text }).optional().catch(undefined),
    volumes: z
      .array(z.object({ message: Text }))
      .max(100)
      .catch([]),
  }),
  snapshot: z
    .object({ height: z.number().optional().catch(undefined), takenAt: z.string().max(40).optional().catch(undefined) })
    .catch({}),
});

export interface TreeNode {
  readonly executor: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly chain: string;
  readonly network: string;
  readonly phase: string;
  readonly height: number | undefined;
  /** When the height was read; RFC 3339. */
  readonly heightAt: string | undefined;
  /** Why it is not Ready; empty when it is, and when `pause` says it. */
  readonly message: string;
  /** Why an action of the plan on it is held. */
  readonly hold: { readonly reason: string; readonly message: string } | undefined;
  /** Which job keeps it stopped, and why. */
  readonly pause: string | undefined;
  /** By what it is suspended: `the Fleet is suspended`. */
  readonly suspended?: string | undefined;
  /** The condition DataAtRisk: data of the node is lost, or will be. */
  readonly risk?: string | undefined;
  /** What is said of its volumes and harms nothing. */
  readonly remarks?: readonly string[];
  /** The error in a file because of which it keeps its last good state. */
  readonly broken?: string | undefined;
}

const NODE_PATH = /^([^/]+)\/nodes\/([^/]+)\/([^/]+)\.yaml$/;
const MAX_TEXT = 524_288 * 2;
/** A thousand problems have some twelve thousand tokens. */
const LIMITS = { length: MAX_TEXT, tokens: 40_000 };

export interface TreeReader {
  /** The node that a file describes; undefined when it describes none, or nothing readable. */
  node(path: string, text: string): TreeNode | undefined;
  /** The state of an executor's sync, from `<executor>/sync.yaml`. */
  sync(path: string, text: string): TreeSync | undefined;
  /** The one-shot job that a record describes. */
  job(path: string, text: string): TreeJob | undefined;
  /** With pauses; the same question is answered at once after it. */
  readAhead(what: 'node' | 'sync' | 'job', path: string, text: string): Generator<void, void>;
}

/** Files that a reader remembers; beyond it the memory is cleared. */
const MAX_REMEMBERED = 100_000;

/** A reader that remembers the last two texts of each path: of a thousand files only those that changed are parsed. */
export function createTreeReader(): TreeReader {
  const node = remembering(readTreeNode, (path) => path.includes('/nodes/'));
  const sync = remembering(readTreeSync, (path) => path.endsWith('/sync.yaml'));
  const job = remembering(readTreeJob, (path) => path.includes('/jobs/'));
  return {
    node: (path, text) => finish(node(path, text)),
    sync: (path, text) => finish(sync(path, text)),
    job: (path, text) => finish(job(path, text)),
    *readAhead(what, path, text) {
      yield* { node, sync, job }[what](path, text);
    },
  };
}

/** `mayBe` says no only to paths of which nothing is read. */
function remembering<T>(
  read: (path: string, text: string) => Generator<void, T | undefined>,
  mayBe: (path: string) => boolean,
): (path: string, text: string) => Generator<void, T | undefined> {
  const known = new Map<string, readonly { readonly text: string; readonly value: T | undefined }[]>();
  return function* readOnce(path, text) {
    if (!mayBe(path)) return undefined;
    const found = known.get(path)?.find((one) => one.text === text);
    if (found !== undefined) return found.value;
    const value = yield* read(path, text);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(path, [{ text, value }, ...(known.get(path) ?? []).slice(0, 1)]);
    return value;
  };
}

function* readTreeNode(path: string, text: string): Generator<void, TreeNode | undefined> {
  const [, executor, namespace, name] = NODE_PATH.exec(path) ?? [];
  if (executor === undefined || namespace === undefined || name === undefined) return undefined;
  const document = Document.safeParse(yield* readYamlInSteps(text, LIMITS)).data;
  if (document === undefined) return undefined;
  const { spec, status, snapshot } = document;
  return {
    executor,
    namespace,
    name,
    path,
    message: unreadyMessage(status),
    chain: spec.chain,
    network: spec.network,
    phase: status.phase,
    height: snapshot.height,
    heightAt: snapshot.takenAt,
    hold: status.hold,
    pause: status.pause?.message,
    suspended: suspensionIn(status.conditions),
    risk: riskIn(status.conditions),
    remarks: status.volumes.map(({ message: remark }) => remark).filter((remark) => remark !== ''),
    broken: status.conditions.find(isUnheld)?.message,
  };
}

const UNHELD = ['FileBroken', 'ObjectRefused'];

/** What Git asks for is not there, and no guard holds it: what is held is said as such. */
export function isUnheld({ type, reason }: { readonly type: string; readonly reason: string }): boolean {
  return type === 'Unapplied' && UNHELD.includes(reason);
}

function riskIn(conditions: z.infer<typeof Document>['status']['conditions']): string | undefined {
  const risk = conditions.find(({ type }) => type === 'DataAtRisk');
  return risk === undefined ? undefined : `${risk.reason}: ${risk.message}`;
}

function suspensionIn(conditions: z.infer<typeof Document>['status']['conditions']): string | undefined {
  const found = conditions.find(({ type }) => type === 'Suspended');
  return found === undefined ? undefined : shownSuspension(found.message);
}

function unreadyMessage({ conditions, pause }: z.infer<typeof Document>['status']): string {
  const ready = conditions.find(({ type }) => type === 'Ready');
  const isSaid = ready === undefined || ready.status === 'True' || ready.message === pause?.message;
  return isSaid ? '' : `${ready.reason}: ${ready.message}`;
}

/** RFC 3339 in UTC. */
const Time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .optional()
  .catch(undefined);

const Sync = z.object({
  executor: Text,
  controllerVersion: Text,
  /** The desired branch. */
  branch: z.string().min(1).max(1024).optional().catch(undefined),
  state: Text,
  summary: Text,
  /** When the controller changed anything on the branch last. */
  publishedAt: Time,
  revision: z.object({ applied: Text }).catch({ applied: '' }),
  problems: z
    .object({ total: z.number(), list: z.array(z.object({ level: Text, place: Text, message: Text })).max(1000) })
    .catch({ total: 0, list: [] }),
  kept: z.object({ list: z.array(z.object({ node: Text, because: Text })).max(1000) }).catch({ list: [] }),
  /** Actions that an approval of the digest releases, in words. */
  held: z
    .object({
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      truncated: z.boolean().catch(false),
      actions: z.array(z.object({ action: Text, approvable: z.boolean().catch(false) })).max(1000),
    })
    .transform(({ digest, truncated, actions }) => ({
      digest,
      isCut: truncated,
      actions: actions.filter(({ approvable }) => approvable).map(({ action }) => action),
    }))
    .optional()
    .catch(undefined),
  /** Those that were carried out or are in use: one that is not used here may be for another executor. */
  approvals: z
    .array(z.object({ digest: Text, state: z.enum(['InUse', 'CarriedOut', 'Unused']), what: Text, at: Time }))
    .max(256)
    .catch([])
    .transform((all) =>
      all.flatMap(({ digest, state, what, at }) =>
        state === 'Unused' ? [] : [[digest, { state, what, at }] as const],
      ),
    ),
  schedules: z
    .array(
      z.object({
        schedule: Text,
        kind: Text,
        suspended: z.boolean().catch(false),
        next: Text,
        last: Text,
        skipped: Text,
      }),
    )
    .max(1000)
    .catch([]),
});

export type TreeSync = z.infer<typeof Sync>;

function* readTreeSync(path: string, text: string): Generator<void, TreeSync | undefined> {
  const [, executor] = /^([^/]+)\/sync\.yaml$/.exec(path) ?? [];
  if (executor === undefined) return undefined;
  const sync = Sync.safeParse(yield* readYamlInSteps(text, LIMITS)).data;
  return sync === undefined ? undefined : { ...sync, executor };
}

const JobName = z.string().max(253);
const Job = z.object({
  kind: z.string().max(63),
  name: JobName,
  phase: z.string().max(63),
  namespace: JobName.catch(''),
  nodes: z.array(JobName).catch([]),
  height: z.number().optional().catch(undefined),
  message: Text,
  reason: z.string().max(63).optional().catch(undefined),
});

export type TreeJob = z.infer<typeof Job> & { readonly executor: string; readonly path: string };

const JOB_PATH = /^([^/]+)\/jobs\/[^/]+\/[^/]+\/[^/]+\.yaml$/;

function* readTreeJob(path: string, text: string): Generator<void, TreeJob | undefined> {
  const [, executor] = JOB_PATH.exec(path) ?? [];
  if (executor === undefined) return undefined;
  const job = Job.safeParse(yield* readYamlInSteps(text, LIMITS)).data;
  return job === undefined ? undefined : { ...job, executor, path };
}

/** What is enough to choose the records worth reading: there may be one for each backup of years. */
export interface JobGlance {
  readonly path: string;
  readonly text: string;
  /** It is under way, or keeps a node stopped. */
  readonly isOpen: boolean;
  /** The last time in the record. */
  readonly at: string;
}

/** Looks at a record without parsing it; undefined for any other file. Only what is at the top level begins a line. */
export function glanceAtJob(path: string, text: string): JobGlance | undefined {
  if (!JOB_PATH.test(path) || text.length > MAX_TEXT) return undefined;
  const endedAt = timeOf(/^endedAt: (.{10,40})/m.exec(text));
  const at = endedAt ?? timeOf(/^claimedAt: (.{10,40})/m.exec(text)) ?? '';
  return { path, text, isOpen: endedAt === undefined || /^paused:$/m.test(text), at };
}

/** Times of RFC 3339 in UTC, which sort as text. */
function timeOf(match: RegExpExecArray | null): string | undefined {
  return /^"?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"?$/.exec(match?.[1] ?? '')?.[1];
}
