// The repository of one node in object storage: opened, freed of the locks of dead workers, and its snapshots.

import { hostname } from 'node:os';

import { z } from 'zod';

import { TaskError } from '../task-error.ts';
import { EXIT } from './engine-error.ts';
import { parseLine, runEngine, type Engine } from './run-engine.ts';

/** All of our snapshots have it; retention never acts on others. */
export const OWN_TAG = 'nodewright';

export const tagOf = {
  job: (uid: string): string => `job=${uid}`,
  schedule: (name: string): string => `schedule=${name}`,
  manifest: (sha256: string): string => `manifest=${sha256}`,
} as const;

const Snapshot = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.string().max(64),
  paths: z.array(z.string()),
  tags: z.array(z.string()).default([]),
  summary: z
    .object({
      total_files_processed: z.int().min(0),
      total_bytes_processed: z.int().min(0),
      data_added_packed: z.int().min(0),
    })
    .optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** For a call that only asks: storage that is down now is reported, and the job can be run again. */
const ASK_MS = 60_000;

/**
 * Opens it; where there is none it is made, or refused as `RepositoryMissing`. A killed worker leaves a lock. Only one
 * worker of this host name works on the repository at a time, because it has the lock of the node; so a lock of this host
 * name is of a process that is dead. The engine removes those whose process does not exist, and never one of another host
 * that is alive. It takes a second run where its own process has the same number.
 */
export async function openRepository(engine: Engine, { create }: { readonly create: boolean }): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const accepts = create ? [EXIT.repositoryMissing] : [];
    const { code, output } = await runEngine(engine, {
      args: ['list', 'locks', '--no-lock'],
      limitMs: ASK_MS,
      accepts,
    });
    if (code === EXIT.repositoryMissing) {
      await runEngine(engine, { args: ['init'], limitMs: ASK_MS });
      return;
    }
    const locks = await countOwn(engine, output);
    if (locks === 0) return;
    engine.context.say(`removing ${locks} locks of workers of this node that were killed`);
    await runEngine(engine, { args: ['unlock'], limitMs: ASK_MS });
  }
}

const Lock = z.object({ hostname: z.string(), pid: z.int() });

async function countOwn(engine: Engine, listed: string): Promise<number> {
  const ids = listed.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line.trim()));
  let own = 0;
  for (const id of ids.slice(0, 100)) {
    // A lock may be gone by now.
    const call = { args: ['cat', 'lock', id.trim(), '--no-lock'], limitMs: ASK_MS, accepts: [1] };
    const lock = Lock.safeParse(parseLine((await runEngine(engine, call)).output));
    if (lock.success && lock.data.hostname === hostname()) own += 1;
  }
  return own;
}

/** Oldest first; only those that have all the tags. */
export async function snapshotsWith(engine: Engine, tags: readonly string[]): Promise<readonly Snapshot[]> {
  const args = ['snapshots', '--no-lock', '--tag', [OWN_TAG, ...tags].join(',')];
  const { output } = await runEngine(engine, { args, limitMs: ASK_MS });
  const parsed = z.array(Snapshot).nullable().safeParse(parseLine(output));
  if (!parsed.success) throw new TaskError('EngineFailed', 'the list of snapshots cannot be read');
  return (parsed.data ?? []).toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
}
