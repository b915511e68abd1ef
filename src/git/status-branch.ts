// The branch a controller writes its status to: our folder replaced, all else kept, one commit on top, never forced.

import { setTimeout as sleep } from 'node:timers/promises';

import { retryDelay } from '../lib/retry-delay.ts';
import { createSerial } from '../lib/serial.ts';
import { encodeCommit, parseCommit, withSignature } from './commit-object.ts';
import type { Limits, Oid, PublishRequest, PublishResult, StatusBranch, TreeEntry } from './engine.ts';
import type { GitErrorCode } from '../lib/error-codes.ts';
import { GitError } from './errors.ts';
import { type Generation, parentsOf } from './generation.ts';
import { lossOf } from './history.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { listTree } from './listing.ts';
import { Mirror } from './mirror.ts';
import { pushCommit } from './push/push.ts';
import { readTexts, type TextCache } from './read-texts.ts';
import { checkBranch, type RemoteOptions } from './remote.ts';
import type { Operation } from './transport.ts';
import { collectObjects } from './push/outgoing-pack.ts';
import { checkPath, graft, writeFile } from './write-tree.ts';
import { WrittenFolder } from './push/written-folder.ts';

export interface StatusBranchOptions extends RemoteOptions {
  /** A folder for the object store; used by this branch alone. It may be lost. */
  readonly directory: string;
  /** `nodewright-status` unless given. */
  readonly branch?: string;
  readonly limits?: Partial<Limits>;
  /** Signs a commit's bytes and gives the armored signature: see src/signatures/ssh-signer.ts. */
  readonly sign?: ((payload: Uint8Array) => Promise<string>) | undefined;
}

/** Characters of what others wrote: all of it is held in memory at once. */
const MOST_OF_OTHERS = 96 * 2 ** 20;

/** Lost races are expected and cheap; broken transfers are left to the caller's own backoff soon. */
const MAX_RACES = 30;
const SOME_HISTORY = 20;
const MAX_BROKEN = 2;
const BACKOFF = { baseMs: 50, maxMs: 2000 };
/** After these the push may or may not have been done; read the remote tip again to find out. */
const UNCERTAIN: ReadonlySet<GitErrorCode> = new Set([
  'NETWORK_FAILED', 'TRANSFER_INCOMPLETE', 'SERVER_ERROR', 'STORE_CORRUPT', 'FAILED',
]); // prettier-ignore

/** A status branch over HTTP(S). Throws UNSUPPORTED_URL or BAD_BRANCH_NAME at once. */
export function createStatusBranch(options: StatusBranchOptions): StatusBranch {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const mirror = new Mirror({ ...options, limits });
  const branch = checkBranch(options.branch ?? 'nodewright-status');
  const writing: Writing = { mirror, branch, limits, sign: options.sign, texts: new Map(), own: new WrittenFolder() };
  const oneByOne = createSerial();
  return {
    publish: (request, signal) => oneByOne(() => publish(writing, request, signal)),
    tip: (signal) => mirror.run(signal, (operation) => mirror.resolve(operation, branch)),
    read: (prefix, signal) => mirror.run(signal, (operation) => readBelow(writing, operation, prefix)),
    close: () => mirror.close(),
  };
}

interface Writing {
  readonly mirror: Mirror;
  readonly branch: string;
  readonly limits: Limits;
  readonly sign: StatusBranchOptions['sign'];
  readonly texts: TextCache;
  /** What was written last: a push costs what changed since. */
  readonly own: WrittenFolder;
}

async function publish(writing: Writing, request: PublishRequest, signal: AbortSignal): Promise<PublishResult> {
  checkFiles(writing, request);
  const tried = new Set<Oid>();
  const found: Attempt['found'] = { lost: undefined };
  let broken = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      return await writing.mirror.run(signal, (operation) =>
        publishOnce({ writing, request, tried, found, operation }),
      );
    } catch (error) {
      // The store may have lost what it had.
      if (!(error instanceof GitError && error.code === 'PUSH_REJECTED')) writing.own.forget();
      if (!(error instanceof GitError)) throw error;
      if (UNCERTAIN.has(error.code)) broken += 1;
      else if (error.code !== 'PUSH_REJECTED') throw error;
      if (broken > MAX_BROKEN || attempt >= MAX_RACES) throw error;
      const { retryAfterMs } = error;
      await pause(retryDelay(BACKOFF, { failures: attempt, random: Math.random(), retryAfterMs }), signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((cause: unknown) => {
    throw new GitError('CANCELLED', 'Publishing was cancelled; the next publish continues from the branch', {
      cause,
    });
  });
}

interface Attempt {
  readonly writing: Writing;
  readonly request: PublishRequest;
  /** Commits that earlier attempts pushed without hearing an answer. */
  readonly tried: Set<Oid>;
  /** What the last attempt saw that had not pushed before. */
  readonly found: { lost: PublishResult['lost'] };
  readonly operation: Operation;
}

/** Level-based: builds on the tip that is there now, so a lost race and a lost answer need no code of their own. */
async function publishOnce(attempt: Attempt): Promise<PublishResult> {
  const { writing, request, operation, tried } = attempt;
  const { mirror, branch } = writing;
  await mirror.maintain(operation, branch);
  const tip = await fetchTip(writing, operation);
  await noteLoss(attempt, tip);
  const generation = await mirror.generation();
  const base = tip === undefined ? undefined : await treeOf(generation, tip);
  const tree = await buildTree(attempt, generation, base);
  // A commit of ours whose answer was lost shows up here as a tip that already has our tree.
  if (tip !== undefined && tree === base) return { commit: tip, pushed: tried.has(tip), ...attempt.found };
  const parents = tip === undefined ? [] : [tip];
  const unsigned = encodeCommit({ ...request, tree, parents });
  const content = writing.sign === undefined ? unsigned : withSignature(unsigned, await writing.sign(unsigned));
  const commit = await generation.store.write('commit', content);
  tried.add(commit);
  const pack = await collectObjects(generation.store, { commit, tree, base });
  await pushCommit({ operation, gitdir: generation.gitdir, url: mirror.url, branch, commit, pack, expected: tip });
  // The tip was verified, and all that it has not was just read.
  for (const oid of pack.trees) generation.completeTrees.add(oid);
  return { commit, pushed: true, ...attempt.found };
}

/** A few commits are fetched when a fresh store has the tip alone. What lies further back is left open. */
async function noteLoss(
  { writing: { mirror, branch }, request: { last }, tried, found, operation }: Attempt,
  tip: Oid | undefined,
): Promise<void> {
  if (last === undefined || (tip !== undefined && tried.has(tip))) return;
  const ask = async (): ReturnType<typeof lossOf> => {
    const generation = await mirror.generation();
    return await lossOf(last, tip, (oid) => parentsOf(generation, oid));
  };
  let lost = await ask();
  if (lost === 'unknown') {
    // The push matters more than the answer.
    await mirror.deepen(operation, branch, SOME_HISTORY).catch(() => undefined);
    lost = await ask();
  }
  found.lost = lost === 'unknown' ? undefined : lost;
}

async function buildTree({ writing, request }: Attempt, generation: Generation, base: Oid | undefined): Promise<Oid> {
  const { store } = generation;
  const { prefix, shared } = request;
  const decided = await decidedFiles({ writing, request }, generation, base);
  const files = decided.size === 0 ? request.files : new Map([...request.files, ...decided]);
  const place = await writing.own.write(store, prefix, files);
  let tree = await graft(store, base, { path: checkPath(prefix), place });
  if (shared !== undefined) {
    const others = await othersFiles({ writing, request }, generation, tree);
    for (const [path, text] of await shared(new Map([...files, ...others])))
      tree = await graft(store, tree, { path: checkShared(path, prefix), place: await writeFile(store, text) });
  }
  return tree ?? store.write('tree', Buffer.alloc(0));
}

type Asked = Pick<Attempt, 'writing' | 'request'>;

/** Every readable file outside of our folder. */
async function othersFiles(
  { writing: { limits, texts }, request: { prefix, first } }: Asked,
  { store, trees }: Generation,
  tree: Oid | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (tree === undefined) return new Map();
  const skip = (folder: string): boolean => folder === prefix;
  const entries = await listTree(tree, { store, limits, cache: trees, skip });
  return readTexts(store, inOrder(entries, first), { limits, cache: texts, lenient: true, most: MOST_OF_OTHERS });
}

/** Read from the tip that the push expects. */
async function decidedFiles(
  { writing: { limits, texts }, request }: Asked,
  { store, trees }: Generation,
  base: Oid | undefined,
): Promise<ReadonlyMap<string, string>> {
  const { decided } = request;
  if (decided === undefined) return new Map();
  const skip = (folder: string): boolean => decided.enters?.(folder) === false;
  const all = base === undefined ? [] : await listTree(base, { store, limits, cache: trees, skip });
  const entries = all.filter(({ path }) => decided.reads(path));
  const asked = { limits, cache: texts, lenient: true, most: MOST_OF_OTHERS };
  const found = await readTexts(store, inOrder(entries, [request.prefix, ...(request.first ?? [])]), asked);
  const tip = new Map(entries.map(({ path }) => [path, found.get(path)]));
  const files = await decided.decide(tip);
  for (const path of files.keys()) checkOwn(path, request.prefix);
  return files;
}

/** The files of these folders first, in the order of the folders. */
function inOrder(entries: readonly TreeEntry[], folders: readonly string[] = []): readonly TreeEntry[] {
  const places = new Map(folders.map((folder, place) => [folder, place]));
  const placeOf = ({ path }: TreeEntry): number => places.get(path.split('/', 1)[0] ?? '') ?? places.size;
  return [...entries].sort((a, b) => placeOf(a) - placeOf(b));
}

async function readBelow(writing: Writing, operation: Operation, prefix: string): Promise<ReadonlyMap<string, string>> {
  const { mirror, limits, texts } = writing;
  const tip = await fetchTip(writing, operation);
  if (tip === undefined) return new Map();
  const { store, trees } = await mirror.generation();
  const folder = prefix.replace(/\/+$/, '');
  const skip = (path: string): boolean => !within(path, folder) && !within(folder, path);
  const tree = await treeOf(await mirror.generation(), tip);
  const entries = await listTree(tree, { store, limits, cache: trees, skip });
  const wanted = entries.filter((entry) => within(entry.path, folder));
  return readTexts(store, wanted, { limits, cache: texts, lenient: false });
}

/** The tip that is here now: the branch may move before the fetch, and then only the newer one is here. */
async function fetchTip({ mirror, branch }: Writing, operation: Operation): Promise<Oid | undefined> {
  const tip = await mirror.resolve(operation, branch);
  return tip === undefined ? undefined : mirror.fetchTip(operation, branch, tip);
}

async function treeOf({ store }: Generation, commit: Oid): Promise<Oid> {
  return parseCommit(commit, (await store.read(commit)).content).tree;
}

/** A file outside of the prefix would break the promise to leave others' folders alone. */
function checkFiles({ own }: Writing, { prefix, files }: PublishRequest): void {
  checkPath(prefix);
  for (const path of files.keys()) if (!own.has(path, prefix)) checkOwn(path, prefix);
}

function checkOwn(path: string, prefix: string): void {
  checkPath(path);
  if (path === prefix || !within(path, prefix))
    throw new GitError('BAD_PATH', `${JSON.stringify(path)} does not lie below ${prefix}/`);
}

function checkShared(path: string, prefix: string): readonly string[] {
  const parts = checkPath(path);
  if (within(path, prefix))
    throw new GitError('BAD_PATH', `${JSON.stringify(path)} is not shared: it is our own folder`);
  return parts;
}

function within(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
