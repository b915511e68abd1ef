// A Git server and stores for one test, removed afterwards.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import type { GitSource, PublishRequest, StatusBranch } from '../../src/git/engine.ts';
import { GitError } from '../../src/git/errors.ts';
import { createGitSource, type SourceOptions } from '../../src/git/source.ts';
import { createStatusBranch, type StatusBranchOptions } from '../../src/git/status-branch.ts';
import { startGitServer, type GitServer, type GitServerOptions } from '../support/git-server.ts';

export interface World {
  readonly server: GitServer;
  /** Path of the bare repository `fleet.git`. */
  readonly repo: string;
  readonly url: string;
}

export const never = new AbortController().signal;

export async function makeWorld(
  options: GitServerOptions = {},
  repo?: Parameters<GitServer['createRepo']>[1],
): Promise<World> {
  const server = await startGitServer(options);
  onTestFinished(() => server.close());
  return { server, repo: server.createRepo('fleet.git', repo), url: server.url('fleet.git') };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'git-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openSource(world: World, options: Partial<SourceOptions> = {}): GitSource {
  const source = createGitSource({ url: world.url, directory: temporaryFolder(), ...options });
  onTestFinished(() => source.close());
  return source;
}

export function openStatus(world: World, options: Partial<StatusBranchOptions> = {}): StatusBranch {
  const status = createStatusBranch({ url: world.url, directory: temporaryFolder(), ...options });
  onTestFinished(() => status.close());
  return status;
}

/** A publish request of one executor. */
export function page(executor: string, files: Readonly<Record<string, string>>, at = 1_700_000_000): PublishRequest {
  return {
    prefix: executor,
    files: new Map(Object.entries(files).map(([path, text]) => [`${executor}/${path}`, text])),
    message: `Status of ${executor}`,
    author: { name: executor, email: `${executor}@example.com` },
    at,
  };
}

/** The GitError that a promise fails with. */
export async function failureOf(work: Promise<unknown>): Promise<GitError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof GitError) return error;
    throw error;
  }
  throw new Error('expected a failure, but it succeeded');
}

/** Bytes both ways since the last call. */
export function traffic(server: GitServer): { readonly bytes: number; readonly requests: number } {
  const seen = server.requests.splice(0);
  return { bytes: seen.reduce((sum, one) => sum + one.sent + one.received, 0), requests: seen.length };
}

/** Text of every plain file of a commit, by path: the way the rest of the program reads. */
export async function textsOf(source: GitSource, commit: string): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const entry of await source.list(commit))
    if (entry.type === 'file' && entry.problem === undefined)
      texts[entry.path] = Buffer.from(await source.read(entry.oid)).toString('utf8');
  return texts;
}
