// A local copy of one remote repository that cannot be fooled: generations on disk, verified fetches, a fresh start when damaged.

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { listServerRefs } from 'isomorphic-git';

import { createSerial } from '../lib/serial.ts';
import type { Limits, Oid } from './engine.ts';
import { asGitError, GitError } from './errors.ts';
import { createGeneration, fetchVerified, openGeneration, type Generation } from './generation.ts';
import { packNames } from './object-store.ts';
import { checkBranch, checkUrl, type RemoteOptions } from './remote.ts';
import { createTransport, type Operation, type Transport } from './transport.ts';
import { verifyTip } from './verify.ts';

export interface MirrorOptions extends RemoteOptions {
  /** A folder of our own; one process at a time. Nothing in it is needed after a loss. */
  readonly directory: string;
  readonly limits: Limits;
}

/** Packs (one per fetch with new objects) after which a fresh generation is cheaper than one more pack. */
const MAX_PACKS = 200;
/** The same for loose objects, which a pushing store collects. */
const MAX_WRITTEN = 5000;
const MAX_FAILURES = 2;
const EVERYTHING = 0x7fffffff;

export class Mirror {
  readonly url: string;
  readonly #options: MirrorOptions;
  readonly #transport: Transport;
  readonly #serial = createSerial();
  #current: Promise<Generation> | undefined;
  /** Broken transfers and unreadable objects since the last good fetch. */
  #failures = 0;

  constructor(options: MirrorOptions) {
    const url = checkUrl(options.url);
    this.url = url.href;
    this.#options = options;
    this.#transport = createTransport(url, options, options.limits);
  }

  /** Runs a network operation alone: one writer per store, one deadline per operation. */
  run<T>(signal: AbortSignal, task: (operation: Operation) => Promise<T>): Promise<T> {
    return this.#serial(async () => {
      signal.throwIfAborted();
      return task(await this.#transport.begin(signal));
    }).catch((error: unknown) => {
      throw signal.aborted && !(error instanceof GitError)
        ? new GitError('CANCELLED', 'The Git operation was cancelled', { cause: error })
        : asGitError(error, 'Git');
    });
  }

  /** The commit that a branch of the remote points to. */
  async resolve(operation: Operation, branch: string): Promise<Oid | undefined> {
    const wanted = `refs/heads/${checkBranch(branch)}`;
    const refs = await this.#remoteRefs(operation, wanted);
    return refs.find(({ ref }) => ref === wanted)?.oid;
  }

  /** The branch's tip, fetched when it is not here and verified whole. */
  async fetch(operation: Operation, branch: string): Promise<Oid> {
    const tip = await this.resolve(operation, branch);
    if (tip === undefined) throw await this.#missing(operation, branch);
    return this.fetchTip(operation, branch, tip);
  }

  /** The same for a tip that was just resolved. */
  async fetchTip(operation: Operation, branch: string, tip: Oid): Promise<Oid> {
    const generation = await this.generation();
    const sound = this.#failures < MAX_FAILURES;
    if (sound && (await isWhole(generation, tip))) return tip;
    const started = sound && (await isFilled(generation));
    try {
      const fetched = started
        ? await this.#fetchInto(generation, { operation, branch })
        : await this.#startAfresh(operation, branch);
      this.#failures = 0;
      return fetched;
    } catch (error) {
      if (isDamage(error)) this.#failures += 1;
      // A rewritten branch may send its whole history where its tip alone would do: the next fetch asks for that.
      if (started && error instanceof GitError && error.code === 'TOO_LARGE') this.#failures = MAX_FAILURES;
      throw error;
    }
  }

  /** Fetches more history: this many commits from the tip, or all. */
  async deepen(operation: Operation, branch: string, depth: number | 'all'): Promise<void> {
    const generation = await this.generation();
    await this.#fetchInto(generation, { operation, branch, depth: depth === 'all' ? EVERYTHING : depth });
  }

  /** Fetches a commit by its id; false when the server does not give it. */
  async fetchCommit(operation: Operation, oid: Oid, branch: string): Promise<boolean> {
    const trackingRef = `refs/remotes/origin/${checkBranch(branch)}`;
    const generation = await this.generation();
    try {
      await fetchVerified({ generation, operation, url: this.url, remoteRef: oid, trackingRef });
      return true;
    } catch (error) {
      if (error instanceof GitError && REFUSED.has(error.code)) return false;
      throw error;
    }
  }

  /** Replaces the store when it has grown; the old one serves until the new one is verified. */
  async maintain(operation: Operation, branch: string): Promise<void> {
    const { store } = await this.generation();
    if (store.packs < MAX_PACKS && store.written < MAX_WRITTEN) return;
    if ((await this.resolve(operation, branch)) !== undefined) await this.#startAfresh(operation, branch);
  }

  /** The store to read from. */
  generation(): Promise<Generation> {
    this.#current ??= this.#open();
    return this.#current;
  }

  /** Runs a read; an object that turns out damaged makes the next fetch start with an empty store. */
  async reading<T>(task: (generation: Generation) => Promise<T>): Promise<T> {
    try {
      return await task(await this.generation());
    } catch (error) {
      if (isDamage(error)) this.#failures = MAX_FAILURES;
      throw asGitError(error, 'Reading the Git store');
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
    await (await this.#current)?.store.close();
  }

  async #remoteRefs(operation: Operation, prefix: string): Promise<readonly { ref: string; oid: string }[]> {
    try {
      const refs = await listServerRefs({ http: operation.http, url: this.url, prefix, protocolVersion: 2 });
      const failure = operation.failure();
      if (failure !== undefined) throw failure;
      return refs;
    } catch (error) {
      throw operation.failure() ?? asGitError(error, `Asking ${new URL(this.url).host} for branches`);
    }
  }

  async #missing(operation: Operation, branch: string): Promise<GitError> {
    const others = (await this.#remoteRefs(operation, 'refs/heads/')).map(({ ref }) => ref.slice('refs/heads/'.length));
    if (others.length === 0)
      return new GitError('EMPTY_REPOSITORY', `The repository has no branch at all; push ${branch} to it`);
    const names = operation.redact(others.slice(0, 5).join(', '));
    return new GitError('BRANCH_MISSING', `The branch ${branch} does not exist; there are: ${names}`);
  }

  #fetchInto(
    generation: Generation,
    what: { readonly operation: Operation; readonly branch: string; readonly depth?: number },
  ): Promise<Oid> {
    return fetchVerified({
      generation,
      operation: what.operation,
      url: this.url,
      remoteRef: `refs/heads/${what.branch}`,
      trackingRef: `refs/remotes/origin/${what.branch}`,
      depth: what.depth,
    });
  }

  /** Fills a new generation with the branch's tip and only then gives up the old one. */
  async #startAfresh(operation: Operation, branch: string): Promise<Oid> {
    const old = await this.generation();
    const name = `gen-${Date.now().toString(36)}-${process.pid}`;
    const next = await createGeneration(join(this.#options.directory, name), this.url);
    try {
      const tip = await this.#fetchInto(next, { operation, branch, depth: 1 });
      await this.#adopt(name);
      this.#current = Promise.resolve(next);
      this.#failures = 0;
      await old.store.close();
      await rm(old.gitdir, { recursive: true, force: true });
      return tip;
    } catch (error) {
      await next.store.close();
      await rm(next.gitdir, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  }

  async #open(): Promise<Generation> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true });
    const name = await readFile(join(directory, 'current'), 'utf8').catch(() => '');
    const kept = /^gen-[\w-]+$/.test(name) ? await openGeneration(join(directory, name)) : undefined;
    for (const entry of await readdir(directory))
      if (entry.startsWith('gen-') && (kept === undefined || entry !== name))
        await rm(join(directory, entry), { recursive: true, force: true });
    return kept ?? createGeneration(join(directory, `gen-${Date.now().toString(36)}-0`), this.url);
  }

  /** Makes a generation the one that the next process opens. A rename, so that there always is one. */
  async #adopt(name: string): Promise<void> {
    const path = join(this.#options.directory, 'current');
    await writeFile(`${path}.tmp`, name);
    await rename(`${path}.tmp`, path);
  }
}

const REFUSED: ReadonlySet<string> = new Set(['REMOTE_REFUSED', 'TOO_LARGE', 'FAILED']);

/** Whether a commit that is already here is here with all it needs. */
async function isWhole({ store, ...known }: Generation, tip: Oid): Promise<boolean> {
  if (!(await store.has(tip))) return false;
  return verifyTip(store, known, tip).then(
    () => true,
    () => false,
  );
}

async function isFilled({ gitdir }: Generation): Promise<boolean> {
  return (await packNames(join(gitdir, 'objects'))).length > 0;
}

function isDamage(error: unknown): boolean {
  return error instanceof GitError && (error.code === 'TRANSFER_INCOMPLETE' || error.code === 'STORE_CORRUPT');
}
