// `--status-from`: nodes that a job keeps stopped, by their documents and its record.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { isFinal } from '../../api/job-phase.ts';
import { keyOf } from '../../api/objects.ts';
import { pausingJob } from '../../jobs/model/pause-text.ts';
import { recordPath, UNREADABLE } from '../../jobs/requests/record.ts';
import { openLocalRepository } from '../../git/local.ts';
import type { BusyNode } from '../../plan/busy-node.ts';
import { createTreeReader } from '../../status/tree-nodes.ts';
import { publishedRecords } from './records.ts';

/** By `namespace/name` of the node. `nodes`: those that change; only their files are read. */
export async function publishedBusyNodes(
  dir: string,
  revision: string,
  nodes: readonly BlockchainNode[],
): Promise<ReadonlyMap<string, BusyNode>> {
  const pauses = await readPauses(dir, revision, nodes);
  const asked = new Map([...pauses.values()].flatMap(({ record }) => (record === undefined ? [] : [[record, record]])));
  const records = await publishedRecords(dir, revision, asked);
  return new Map(
    [...pauses].map(([key, { message, job, record }]): [string, BusyNode] => {
      const found = records.get(record ?? '');
      const isKnown = job !== undefined && found !== undefined && found !== UNREADABLE && !isFinal(found.phase);
      return [key, isKnown ? { job, phase: found.phase, isPaused: true } : { message, isPaused: true }];
    }),
  );
}

interface Pause {
  readonly message: string;
  /** Of a job that works. */
  readonly job?: string;
  /** The path of its record. */
  readonly record?: string;
}

async function readPauses(
  dir: string,
  revision: string,
  nodes: readonly BlockchainNode[],
): Promise<ReadonlyMap<string, Pause>> {
  const paths = new Map(nodes.map((node) => [pathOf(node), keyOf(node)]));
  const reader = createTreeReader();
  const found = new Map<string, Pause>();
  const repository = await openLocalRepository(dir);
  try {
    for (const { path, oid, type } of await repository.list(await repository.resolve(revision))) {
      const key = paths.get(path);
      if (key === undefined || type !== 'file') continue;
      const message = reader.node(path, new TextDecoder().decode(await repository.read(oid)))?.pause;
      if (message !== undefined) found.set(key, pauseOf(message, path));
    }
    return found;
  } finally {
    await repository.close();
  }
}

function pathOf({ metadata, spec }: BlockchainNode): string {
  return `${spec.executor}/nodes/${metadata.namespace}/${metadata.name}.yaml`;
}

function pauseOf(message: string, path: string): Pause {
  const job = pausingJob(message);
  const [kind = '', namespace = '', name = ''] = job?.split(/[ /]/) ?? [];
  if (job === undefined) return { message };
  const [executor = ''] = path.split('/');
  return { message, job, record: recordPath({ executor, kind, namespace, name }) };
}
