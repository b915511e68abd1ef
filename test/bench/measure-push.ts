// A push of the status of ten thousand nodes of which one changed, by the code that pushes in a controller.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { StatusBranch } from '../../src/git/engine.ts';
import { createStatusBranch } from '../../src/git/status-branch.ts';
import { isKeysPath } from '../../src/keys/document.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import { commitMessage, describeBatch } from '../../src/status/batch.ts';
import { documents } from '../../src/status/documents.ts';
import type { WrittenNodes } from '../../src/status/node-file.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { renderReadme } from '../../src/status/readme.ts';
import { createTreeReader } from '../../src/status/tree-nodes.ts';
import { aNode, facts, observe } from '../status/builders.ts';
import { type Figure, median } from './figure.ts';
import { EXECUTOR, nodeName } from './fleet.ts';

const NODES = 10_000;
const PUSHES = 9;
const BEGIN = Date.parse('2026-03-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const NAMESPACE = 'novacula-system';
const LIMIT_MS = 5 * 60_000;

/** From the statuses to the commit on the branch; medians. */
export async function measurePush(): Promise<readonly Figure[]> {
  // In a process of its own: one that has the memory of ten thousand nodes starts programs slowly.
  const server = fork(new URL('git-server-process.ts', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-bench-'));
  const [url]: unknown[] = await once(server, 'message');
  const branch = createStatusBranch({ url: String(url), directory: join(folder, 'store') });
  try {
    const fleet = new Fleet(branch);
    // A controller that runs has filled its store and its memory.
    for (let round = 0; round < 2; round++) await fleet.push(round);
    const wall: number[] = [];
    const processor: number[] = [];
    for (let round = 0; round < PUSHES; round++) {
      const began = performance.now();
      const before = process.cpuUsage();
      await fleet.push(2 + round);
      const { user, system } = process.cpuUsage(before);
      wall.push(performance.now() - began);
      processor.push((user + system) / 1000);
    }
    const name = `push of the status of ${NODES} nodes of which one changed`;
    return [
      { name, value: median(wall), unit: 'ms', limit: 300 },
      { name: 'the same, processor time', value: median(processor), unit: 'ms' },
    ];
  } finally {
    await branch.close();
    server.disconnect();
    await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What one controller keeps between two pushes. */
class Fleet {
  readonly #branch: StatusBranch;
  readonly #reader = createTreeReader();
  readonly #written: WrittenNodes = new Map();
  readonly #nodes = Array.from({ length: NODES }, (_, index) => nodeAt(index, BEGIN));
  #files: ReadonlyMap<string, string> = new Map();

  constructor(branch: StatusBranch) {
    this.#branch = branch;
  }

  /** With another node stopped than in the round before. */
  async push(round: number): Promise<void> {
    const now = BEGIN + round * 60_000;
    this.#nodes[round] = nodeAt(round, now, 'Stopped');
    const files = this.#documents(now);
    const { pushed } = await this.#branch.publish(
      {
        prefix: EXECUTOR,
        files,
        shared: (tree) => new Map([['README.md', renderReadme(tree, this.#reader)]]),
        decided: { reads: isKeysPath, decide: () => new Map() },
        message: commitMessage(describeBatch(this.#files, files, this.#reader), { executor: EXECUTOR }),
        author: { name: 'nodewright', email: `${EXECUTOR}@nodewright.invalid` },
        at: Math.floor(now / 1000),
      },
      AbortSignal.timeout(LIMIT_MS),
    );
    if (!pushed) throw new Error('nothing was pushed');
    this.#files = files;
  }

  #documents(now: number): ReadonlyMap<string, string> {
    const view = {
      executor: EXECUTOR,
      controllerVersion: '0.1.0',
      sync: { branch: 'main', publishedAt: timestamp(now), problems: [], held: [] },
      capabilities: { chains: [], features: ['jobs'], kubernetes: 'v1.36.3' },
      nodes: this.#nodes.map((node, index) => ({ node, file: `nodes/${nodeName(index)}.yaml` })),
    };
    return documents(view, { previous: this.#files, now, snapshotIntervalMs: HOUR_MS, written: this.#written });
  }
}

function nodeAt(index: number, now: number, desiredState: 'Running' | 'Stopped' = 'Running'): BlockchainNode {
  const node = aNode({ desiredState }, { name: nodeName(index), namespace: NAMESPACE });
  const height = Math.floor(now / 12_000) + index;
  const headTime = now / 1000 - 6;
  return {
    ...node,
    status: nodeStatus(observe({ node, now, facts: facts({ height, headTime }, { height, headTime }) })),
  };
}
