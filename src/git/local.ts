// A repository on this disk, read by revision: what `plan` compares. Nothing is written, no work tree is read.

import * as fs from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { expandOid, resolveRef } from 'isomorphic-git';

import { parseCommit } from './commit-object.ts';
import type { Ancestry, CommitInfo, Limits, Oid, TreeEntry } from './engine.ts';
import { GitError, oneLine } from './errors.ts';
import { relate } from './history.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { listTree, TreeCache } from './listing.ts';
import { ObjectStore } from './object-store.ts';
import { readCommitObject } from './verify.ts';

/** The reading half of a GitSource, for a repository that is already here. */
export interface LocalRepository {
  /** A branch, tag, remote branch, commit id (also short) or HEAD, with `~N` or `^`. Throws BRANCH_MISSING. */
  resolve(revision: string): Promise<Oid>;
  commit(oid: Oid): Promise<CommitInfo>;
  list(commit: Oid): Promise<readonly TreeEntry[]>;
  read(blob: Oid): Promise<Uint8Array>;
  ancestry(from: Oid, to: Oid): Promise<Ancestry>;
  /** The same, or `unknown` where a shallow clone lacks the commit or the history that the answer needs. */
  relation(from: Oid, to: Oid): Promise<Ancestry | 'unknown'>;
  close(): Promise<void>;
}

/** Opens the repository whose work tree or bare folder `dir` is. Throws REPOSITORY_NOT_FOUND when it is none. */
export async function openLocalRepository(dir: string, overrides: Partial<Limits> = {}): Promise<LocalRepository> {
  const limits = { ...DEFAULT_LIMITS, ...overrides };
  const { gitdir, head } = await findGitdir(dir);
  const store = new ObjectStore(gitdir, await alternatesOf(join(gitdir, 'objects')));
  await store.refresh();
  const cache = new TreeCache();

  async function commit(oid: Oid): Promise<CommitInfo> {
    const object = await readCommitObject(store, oid);
    if (object.type === 'tag')
      return commit(/^object ([0-9a-f]{40})$/m.exec(object.content.toString('latin1'))?.[1] ?? oid);
    if (object.type !== 'commit') throw new GitError('BRANCH_MISSING', `${oid} is a ${object.type}, not a commit`);
    return parseCommit(oid, object.content);
  }

  async function parents(oid: Oid): Promise<readonly Oid[] | 'cut' | undefined> {
    return (await store.has(oid)) ? (await commit(oid)).parents : 'cut';
  }

  const repository: LocalRepository = {
    commit,
    async resolve(revision) {
      const { base, steps } = splitRevision(revision);
      let found = await commit(await resolveName(gitdir, base === 'HEAD' ? await readHead(head) : base));
      for (let step = 0; step < steps; step++) {
        const [parent] = found.parents;
        if (parent === undefined) throw new GitError('BRANCH_MISSING', `${revision} goes back beyond the first commit`);
        found = await commit(parent);
      }
      return found.oid;
    },
    list: async (oid) => await listTree((await commit(oid)).tree, { store, limits, cache }),
    read: async (oid) => (await store.read(oid, limits.maxFileBytes)).content,
    async ancestry(from, to) {
      const answer = await relate(from, to, parents);
      return answer === 'unknown' ? 'rewritten' : answer;
    },
    relation: async (from, to) => ((await store.has(from)) ? await relate(from, to, parents) : 'unknown'),
    close: () => store.close(),
  };
  return (await isPartial(gitdir)) ? withAdvice(repository, dir) : repository;
}

/** A clone made with --filter: Git fetches what it lacks when it is read (partial-clone in Git's documentation). */
async function isPartial(gitdir: string): Promise<boolean> {
  const config = await readFile(join(gitdir, 'config'), 'utf8').catch(() => '');
  return /^\s*(?:promisor\s*=\s*true|partialclone\s*=)/im.test(config);
}

/** Nothing is fetched here, so the person who made the partial clone has to. */
function withAdvice(repository: LocalRepository, dir: string): LocalRepository {
  const advise = async <Value>(value: Promise<Value>): Promise<Value> =>
    await value.catch((error: unknown) => {
      if (!(error instanceof GitError) || error.code !== 'OBJECT_MISSING') throw error;
      const advice = 'run "git fetch --refetch --no-filter origin" in it, or clone again without --filter';
      throw new GitError('OBJECT_MISSING', `${dir} is a partial clone and lacks a file of this commit: ${advice}`);
    });
  return {
    resolve: (revision) => advise(repository.resolve(revision)),
    commit: (oid) => advise(repository.commit(oid)),
    list: (commit) => advise(repository.list(commit)),
    read: (blob) => advise(repository.read(blob)),
    ancestry: (from, to) => advise(repository.ancestry(from, to)),
    relation: (from, to) => advise(repository.relation(from, to)),
    close: () => repository.close(),
  };
}

interface Gitdir {
  /** Where objects and branches are. */
  readonly gitdir: string;
  /** The file with the HEAD of this work tree. */
  readonly head: string;
}

async function findGitdir(dir: string): Promise<Gitdir> {
  const path = join(dir, '.git');
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() === true) return plain(path);
  if (info?.isFile() === true) {
    const target = /^gitdir: (.+)$/m.exec(await readFile(path, 'utf8'))?.[1];
    if (target !== undefined) {
      const own = resolve(dir, target);
      return { gitdir: await commonDir(own), head: join(own, 'HEAD') };
    }
  }
  if ((await stat(join(dir, 'objects')).catch(() => undefined))?.isDirectory() === true) return plain(dir);
  throw new GitError('REPOSITORY_NOT_FOUND', `${dir} is no Git repository; give its top folder`);
}

function plain(gitdir: string): Gitdir {
  return { gitdir, head: join(gitdir, 'HEAD') };
}

/** The branch or commit that a HEAD file names. */
async function readHead(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8').catch(() => '')).trim();
  return text.replace(/^ref: /, '') || 'HEAD';
}

/** Object folders that this one borrows from, and those that they borrow from in turn (gitrepository-layout). */
async function alternatesOf(objects: string, depth = 0): Promise<readonly string[]> {
  const text = await readFile(join(objects, 'info', 'alternates'), 'utf8').catch(() => '');
  const named = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const found: string[] = [];
  for (const line of named) {
    const folder = resolve(objects, line);
    if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true)
      throw new GitError(
        'REPOSITORY_NOT_FOUND',
        `${objects} borrows objects from ${oneLine(folder)}, which does not exist; clone the repository again without --shared`,
      );
    found.push(folder, ...(depth < MAX_BORROWED ? await alternatesOf(folder, depth + 1) : []));
  }
  return found;
}

/** Git's own limit for alternates of alternates. */
const MAX_BORROWED = 5;

/** A linked work tree keeps objects and refs in the main repository. */
async function commonDir(gitdir: string): Promise<string> {
  const text = await readFile(join(gitdir, 'commondir'), 'utf8').catch(() => undefined);
  return text === undefined ? gitdir : resolve(gitdir, text.trim());
}

function splitRevision(revision: string): { readonly base: string; readonly steps: number } {
  const match = /^(.+?)((?:~[0-9]{0,6}|\^)*)$/.exec(revision);
  const suffix = match?.[2] ?? '';
  let steps = 0;
  for (const [, count] of suffix.matchAll(/~([0-9]*)|\^/g))
    steps += count === undefined || count === '' ? 1 : Number(count);
  return { base: match?.[1] ?? revision, steps };
}

async function resolveName(gitdir: string, name: string): Promise<Oid> {
  if (/^[0-9a-f]{40}$/.test(name)) return name;
  await refuseAmbiguous(gitdir, name);
  try {
    return await resolveRef({ fs, gitdir, ref: name });
  } catch {
    if (/^[0-9a-f]{4,39}$/.test(name)) return await expandOid({ fs, gitdir, oid: name }).catch(() => missing(name));
    return missing(name);
  }
}

/** Git takes the tag, with a warning: who may push tags could put another policy in the place of the one on a branch. */
async function refuseAmbiguous(gitdir: string, name: string): Promise<void> {
  const places = ['tags', 'heads', 'remotes'].map((folder) => `refs/${folder}/${name}`);
  const found = await Promise.all(
    places.map(async (ref) => [ref, await resolveRef({ fs, gitdir, ref }).catch(() => undefined)] as const),
  );
  const known = found.filter(([, oid]) => oid !== undefined);
  if (new Set(known.map(([, oid]) => oid)).size < 2) return;
  const refs = known.map(([ref]) => ref).join(' and ');
  throw new GitError('BRANCH_MISSING', `${name} could be ${refs}; write one of them in full`);
}

function missing(name: string): never {
  throw new GitError(
    'BRANCH_MISSING',
    `There is no branch, tag or commit ${oneLine(name, 100)} in this repository; is it fetched?`,
  );
}
