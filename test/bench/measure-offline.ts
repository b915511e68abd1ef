// What needs no server: checking a repository, and planning.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import { createReadCache } from '../../src/desired/read-cache.ts';
import { readDesired } from '../../src/desired/read.ts';
import { withApplied } from '../../src/plan/applied.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { type Figure, median } from './figure.ts';
import { EXECUTOR, fleetFiles, nodePath, nodeText, WISHES } from './fleet.ts';
import { sourceFiles } from './source-files.ts';

const SIZE = 1000;
const ROUNDS = 7;
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** Medians: `nodewright validate` as a person runs it; reading and planning inside of a controller. */
export function measureOffline(): readonly Figure[] {
  const files = fleetFiles({ size: SIZE, complete: SIZE });
  return [
    { name: `nodewright validate, ${SIZE} files`, value: timeValidate(files), unit: 'ms', limit: 3000 },
    { name: `read a commit that changes 1 file of ${SIZE}`, value: timeRead(files), unit: 'ms', limit: 50 },
    { name: `plan ${SIZE} nodes, nothing to do`, value: timePlan(files), unit: 'ms', limit: 100 },
  ];
}

function timeValidate(files: Readonly<Record<string, string>>): number {
  const dir = mkdtempSync(join(tmpdir(), 'nodewright-bench-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    return median(times(() => execFileSync(process.execPath, [MAIN, 'validate', dir], { timeout: 60_000 })));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function timeRead(files: Readonly<Record<string, string>>): number {
  const options = { defaultNamespace: DEFAULT_NAMESPACE, cache: createReadCache() };
  readDesired(sourceFiles(files), options);
  let round = 0;
  const commits = Array.from({ length: ROUNDS }, () => {
    return sourceFiles({ ...files, [nodePath(7)]: nodeText(7, WISHES.stopped, 301 + round++) });
  });
  return median(times((index) => readDesired(commits[index] ?? [], options)));
}

function timePlan(files: Readonly<Record<string, string>>): number {
  const desired = readDesired(sourceFiles(files), { defaultNamespace: DEFAULT_NAMESPACE });
  // Copies, as a watch gives them.
  const current = [...desired.nodes.values()].map(({ node }): BlockchainNode => structuredClone(withApplied(node)));
  const took = times(() => {
    const { actions } = planNodes({ desired, current, executor: EXECUTOR, revision: 'main@sha1:0' });
    if (actions.length > 0) throw new Error(`a plan of ${actions.length} actions where nothing is to be done`);
  });
  return median(took);
}

function times(work: (round: number) => unknown): readonly number[] {
  return Array.from({ length: ROUNDS }, (_, round) => {
    const began = performance.now();
    work(round);
    return performance.now() - began;
  });
}
