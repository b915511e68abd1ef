// `validate` and `plan` of a pull request in a repository of ten thousand files, as a check of a forge runs them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { commitFiles, createBareRepo, git } from '../support/git-repo.ts';
import type { Figure } from './figure.ts';
import { CHANGE_OF_ALL, fleetFiles, nodePath, nodeText, WISHES } from './fleet.ts';
import { timeCommand } from './time-command.ts';

const SIZE = 10_000;

/** Medians, each in a process of its own. */
export async function measureReading(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-bench-'));
  try {
    const repo = join(folder, 'fleet.git');
    createBareRepo(repo);
    const base = commitFiles(repo, fleetFiles({ size: SIZE, complete: SIZE }));
    const one = commitFiles(repo, { [nodePath(7)]: nodeText(7, WISHES.stopped, 301) });
    const all = commitFiles(repo, CHANGE_OF_ALL);
    const clone = join(folder, 'fleet');
    git(folder, ['clone', '-q', repo, clone]);
    const figure = async (name: string, limit: number, args: readonly string[]): Promise<Figure> => ({
      name: `nodewright ${name}, ${SIZE} files`,
      value: await timeCommand(args),
      unit: 'ms',
      limit,
    });
    return [
      await figure('validate', 5000, ['validate', clone]),
      await figure('plan of one changed file', 1000, ['plan', clone, '--from', base, '--to', one]),
      await figure('plan of a patch of all nodes', 5000, ['plan', clone, '--from', one, '--to', all]),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
