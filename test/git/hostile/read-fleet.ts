// A process of its own that fetches a repository, reads it and plans as the controller does. Arguments: URL, folder of the store, and `twice`
// for a figure without the time that the compiler takes.
// Prints what it found, the longest turn of its event loop and its peak memory.

import { readFileSync } from 'node:fs';

import { runYielding } from '../../../src/controller/engine/run-yielding.ts';
import { readFiles } from '../../../src/controller/fleet/read-files.ts';
import { createReadCache } from '../../../src/desired/read-cache.ts';
import { readInSteps } from '../../../src/desired/read.ts';
import { createGitSource } from '../../../src/git/source.ts';
import { codeOf, describeError } from '../../../src/lib/errors.ts';
import { planInSteps } from '../../../src/plan/plan.ts';
import { watchTurns } from '../../support/longest-turn.ts';

export interface FleetReport {
  readonly error?: string | undefined;
  readonly message?: string | undefined;
  readonly nodes: number;
  readonly problems: number;
  /** Codes of the problems, each once. */
  readonly codes: readonly string[];
  readonly actions: number;
  /** Milliseconds of processor time. */
  readonly longestMs: number;
  readonly peakBytes: number;
}

const [, , url = '', directory = '', times] = process.argv;
const { signal } = new AbortController();

if (times === 'twice') await readFleet(`${directory}/first`);
console.log(JSON.stringify({ ...(await readFleet(`${directory}/second`)), peakBytes: peakBytes() }));

async function readFleet(store: string): Promise<Omit<FleetReport, 'peakBytes'>> {
  const source = createGitSource({ url, directory: store });
  const turns = watchTurns();
  try {
    const commit = await source.fetch('main', signal);
    const files = await readFiles({ source, commit, texts: new Map(), signal });
    const desired = await runYielding(
      readInSteps(files, { defaultNamespace: 'novacula-system', cache: createReadCache() }),
    );
    const plan = await runYielding(
      planInSteps({ desired, current: [], executor: 'demo', revision: `main@sha1:${commit}`, facts: {} }),
    );
    const longestMs = turns.stop();
    const codes = [...new Set(desired.problems.map(({ code }) => code))].toSorted();
    return {
      nodes: desired.nodes.size,
      problems: desired.problems.length,
      codes,
      actions: plan.actions.length,
      longestMs,
    };
  } catch (error) {
    return {
      error: codeOf(error),
      message: describeError(error),
      nodes: 0,
      problems: 0,
      codes: [],
      actions: 0,
      longestMs: turns.stop(),
    };
  } finally {
    turns.stop();
    await source.close();
  }
}

/** Not resourceUsage(): its figure is inherited from the process that forks. */
function peakBytes(): number {
  const [, peak] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(peak) * 1024;
}
