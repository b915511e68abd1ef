// One bare repository on disk and what is known of it. Filled by fetches that are verified or undone; replaced as a whole.

import fs from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { addRemote, deleteRef, fetch, init, resolveRef, writeRef } from 'isomorphic-git';

import { parseCommit } from './commit-object.ts';
import type { Oid } from './engine.ts';
import { asGitError, GitError } from './errors.ts';
import { IncomingPack } from './incoming-pack.ts';
import { TreeCache } from './listing.ts';
import { ObjectStore, packNames } from './object-store.ts';
import { Turns } from './pack/turns.ts';
import type { Operation } from './transport.ts';
import { readCommitObject, verifyTip, type Knowledge } from './verify.ts';

export interface Generation extends Knowledge {
  readonly gitdir: string;
  readonly store: ObjectStore;
  readonly trees: TreeCache;
  /** For walks through history that is known already. */
  readonly turns: Turns;
}

/** Makes an empty bare repository for `url`. */
export async function createGeneration(gitdir: string, url: string): Promise<Generation> {
  await mkdir(gitdir, { recursive: true });
  await init({ fs, gitdir, bare: true, defaultBranch: 'main' });
  await addRemote({ fs, gitdir, remote: 'origin', url });
  return know(gitdir);
}

/** Opens a repository that an earlier process left; undefined when anything about it is damaged or unfinished. */
export async function openGeneration(gitdir: string): Promise<Generation | undefined> {
  const generation = know(gitdir);
  try {
    await readFile(join(gitdir, 'config'));
    await generation.store.refresh();
    for (const name of await packNames(join(gitdir, 'objects'))) await checkPack(gitdir, name);
    await readShallow(generation);
    return generation;
  } catch {
    await generation.store.close();
    return undefined;
  }
}

export interface FetchRequest {
  readonly generation: Generation;
  readonly operation: Operation;
  readonly url: string;
  /** `refs/heads/<branch>` or a commit id. */
  readonly remoteRef: string;
  /** Our name for it; its commit is sent to the server as present. */
  readonly trackingRef: string;
  readonly depth?: number | undefined;
}

/**
 * Fetches and verifies; on any failure everything is put back as it was, because isomorphic-git moves the ref before it has
 * the pack, and calls several broken transfers a success. Resolves to the verified tip.
 */
export async function fetchVerified(request: FetchRequest): Promise<Oid> {
  const { generation, operation } = request;
  const before = await remember(generation, request.trackingRef);
  const incoming = new IncomingPack(generation.gitdir, new URL(request.url).host);
  try {
    const result = await fetch({
      fs,
      http: incoming.client(operation.http),
      gitdir: generation.gitdir,
      url: request.url,
      remote: 'origin',
      ref: request.trackingRef,
      remoteRef: request.remoteRef,
      singleBranch: true,
      tags: false,
      cache: {},
      ...(request.depth === undefined ? {} : { depth: request.depth }),
    });
    if (result.fetchHead === null) throw new GitError('EMPTY_REPOSITORY', 'The repository has no commits; push one');
    await incoming.keep({ store: generation.store, signal: operation.signal });
    await generation.store.refresh();
    await readShallow(generation);
    await verifyTip(generation.store, generation, result.fetchHead);
    return result.fetchHead;
  } catch (error) {
    await putBack(generation, request.trackingRef, before);
    throw incomplete(operation.failure() ?? incoming.failure() ?? error, operation.redact(incoming.said));
  } finally {
    await incoming.close();
  }
}

function know(gitdir: string): Generation {
  const store = new ObjectStore(gitdir);
  return {
    gitdir,
    store,
    trees: new TreeCache(),
    completeTrees: new Set(),
    parents: new Map(),
    shallow: new Set(),
    turns: new Turns(),
  };
}

interface Before {
  readonly packs: readonly string[];
  readonly tip: Oid | undefined;
  readonly shallow: Buffer | undefined;
}

async function remember({ gitdir }: Generation, ref: string): Promise<Before> {
  return {
    packs: await packNames(join(gitdir, 'objects')),
    tip: await resolveRef({ fs, gitdir, ref }).catch(() => undefined),
    shallow: await readFile(join(gitdir, 'shallow')).catch(() => undefined),
  };
}

async function putBack(generation: Generation, ref: string, before: Before): Promise<void> {
  const { gitdir, store } = generation;
  const folder = join(gitdir, 'objects', 'pack');
  const files = await fs.promises.readdir(folder).catch(() => []);
  for (const file of files)
    if (!before.packs.includes(file.replace(/\.\w+$/, ''))) await rm(join(folder, file), { force: true });
  if (before.tip === undefined) await deleteRef({ fs, gitdir, ref }).catch(() => undefined);
  else await writeRef({ fs, gitdir, ref, value: before.tip, force: true });
  if (before.shallow === undefined) await rm(join(gitdir, 'shallow'), { force: true });
  else await writeFile(join(gitdir, 'shallow'), before.shallow);
  generation.parents.clear();
  await readShallow(generation);
  await store.refresh();
}

/** Whether a pack of an earlier process is whole: its checksum, and as many objects as its index has. */
async function checkPack(gitdir: string, name: string): Promise<void> {
  const base = join(gitdir, 'objects', 'pack', name);
  const file = await open(`${base}.pack`);
  try {
    const hash = createHash('sha1');
    let [head, tail] = [Buffer.alloc(0), Buffer.alloc(0)];
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      if (head.length < 12) head = Buffer.concat([head, chunk]).subarray(0, 12);
      const all = Buffer.concat([tail, chunk]);
      hash.update(all.subarray(0, Math.max(0, all.length - 20)));
      tail = Buffer.from(all.subarray(Math.max(0, all.length - 20)));
    }
    const index = await readFile(`${base}.idx`);
    const whole = head.length === 12 && tail.length === 20 && hash.digest().equals(tail);
    if (!whole || index.length < 1032 || head.readUInt32BE(8) !== index.readUInt32BE(1028))
      throw new GitError('TRANSFER_INCOMPLETE', 'The server sent a damaged or unfinished pack');
  } finally {
    await file.close();
  }
}

async function readShallow(generation: Generation): Promise<void> {
  const text = await readFile(join(generation.gitdir, 'shallow'), 'utf8').catch(() => '');
  generation.shallow.clear();
  for (const line of text.split('\n')) if (/^[0-9a-f]{40}$/.test(line)) generation.shallow.add(line);
}

/** A commit's parents as far as they are here. */
export async function parentsOf(generation: Generation, oid: Oid): Promise<readonly Oid[] | 'cut' | undefined> {
  if (generation.shallow.has(oid)) return 'cut';
  await generation.turns.give();
  const known = generation.parents.get(oid);
  if (known !== undefined) return known;
  if (!(await generation.store.has(oid))) return undefined;
  const { parents } = parseCommit(oid, (await readCommitObject(generation.store, oid)).content);
  generation.parents.set(oid, parents);
  return parents;
}

function incomplete(error: unknown, said: string): GitError {
  const own = asGitError(error, 'Fetching');
  const broken = own.code === 'OBJECT_MISSING' || own.code === 'STORE_CORRUPT' || own.code === 'FAILED';
  if (!broken) return own;
  const words = said === '' ? '' : ` The server says: ${said}`;
  return new GitError('TRANSFER_INCOMPLETE', `The fetch was undone because what came is not whole.${words}`, {
    cause: error,
  });
}
