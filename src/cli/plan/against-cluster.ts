// What a plan against a cluster compares.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { type JobObject, jobKeyOf } from '../../api/job-object.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import { readDesired, type ReadOptions } from '../../desired/read.ts';
import { connectCluster } from '../../kube/api-cluster.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isKubeError } from '../../kube/kube-error.ts';
import { defined } from '../../lib/defined.ts';
import type { CarriedOutByDigest } from '../../plan/approvals.ts';
import { upgradesOf } from '../../upgrade/describe.ts';
import { requestsInCluster } from '../cluster-requests.ts';
import { readDirectory } from '../directory.ts';
import { readOwnDeployments } from '../own-deployments.ts';
import { readApplied } from './applied.ts';
import { busyNodes } from './busy-nodes.ts';
import { classFacts } from './classes.ts';
import { type Comparison, type ComparisonOptions, executorsOf, recordsIn, WORK_TREE } from './comparison.ts';
import { listPvcs, type Memories, nodesWithoutVolumes, readMemories, volumesOf } from './facts.ts';
import { jobsAgainstCluster, type PublishedRecords } from './jobs.ts';
import { keyFacts } from './keys.ts';
import { commitReader, readingOf } from './read-commit.ts';
import { suspensionsAgainst } from './suspended.ts';
import { withoutKnownSources } from './known-sources.ts';

export async function withCluster(dir: string, judged: ComparisonOptions): Promise<Comparison> {
  const { kubeconfig, context } = judged;
  const reading = readingOf(judged);
  const files = readDesired(await readDirectory(dir), reading);
  const cluster = connectCluster(defined({ kubeconfig, context }));
  try {
    return await compare(await readSides({ dir, judged, files, cluster }), { ...judged, dir, cluster, reading });
  } finally {
    await cluster.close();
  }
}

interface Unread {
  readonly dir: string;
  readonly judged: ComparisonOptions;
  readonly files: DesiredSet;
  readonly cluster: Cluster;
}

interface Sides {
  readonly desired: DesiredSet;
  readonly current: readonly BlockchainNode[];
  readonly pvcs: Awaited<ReturnType<typeof listPvcs>>;
  /** Undefined without the permission to read them. */
  readonly objects: readonly JobObject[] | undefined;
  readonly records: PublishedRecords;
}

async function readSides({ dir, judged, files, cluster }: Unread): Promise<Sides> {
  const listed = await cluster.list(KINDS.BlockchainNode).catch((error: unknown) => {
    // A cluster without the CRD has no nodes.
    if (isKubeError(error, 'NOT_SERVED')) return [];
    throw error;
  });
  const pvcs = await listPvcs(cluster);
  const objects = await requestsInCluster(cluster);
  const records = await recordsIn(dir, judged.statusFrom, files);
  const keys = new Set(objects?.map(jobKeyOf));
  const desired = withoutKnownSources(files, { records, objects: keys });
  return { desired, current: listed as readonly BlockchainNode[], pvcs, objects, records };
}

interface Scene extends Pick<ComparisonOptions, 'executor' | 'namespace' | 'ownNamespace' | 'published'> {
  readonly dir: string;
  readonly cluster: Cluster;
  readonly reading: ReadOptions;
}

async function compare(sides: Sides, scene: Scene): Promise<Comparison> {
  const { desired, current, pvcs, objects, records } = sides;
  const { dir, cluster, executor, namespace, ownNamespace, published, reading } = scene;
  const ofJobs = { records, withoutVolumes: nodesWithoutVolumes(desired, current, pvcs) };
  // Any schedule may be new: whose it is decides which memories are read.
  const asNew = jobsAgainstCluster(objects, desired, { ...ofJobs, schedules: new Map() });
  const executors = executorsOf({ desired, current, facts: { jobs: asNew } }, executor);
  const memories = await readMemories(executors, { cluster, namespace: ownNamespace ?? namespace, known: current });
  const nodes = [...current, ...[...desired.nodes.values()].map(({ node }) => node)];
  const keys = await keyFacts(executors, { desired, current, cluster, memories, published: published?.keys });
  const applied = await readApplied(dir, { executors, memories, desired, read: commitReader(reading) });
  for (const text of applied.unknown) process.stderr.write(`warning: ${text}\n`);
  const { fixedClasses, problems } = await classFacts(desired, current, cluster);
  const images = new Map((await readOwnDeployments(cluster)).map((one) => [one.executor, one.image]));
  return {
    desired,
    current,
    revision: WORK_TREE,
    facts: {
      volumes: volumesOf(nodes, memories, pvcs),
      jobs: jobsAgainstCluster(objects, desired, { ...ofJobs, schedules: applied.schedules }),
      busyNodes: busyNodes(objects ?? [], current),
      fixedClasses,
    },
    problems: [...problems, ...suspensionsAgainst(current, desired)],
    keyFacts: new Map([...keys].map(([name, facts]) => [name, { ...facts, ...applied.facts.get(name) }])),
    carriedOut: carriedOutBy(memories),
    upgrades: (names) => upgradesOf(desired.fleet, images, names),
  };
}

function carriedOutBy(memories: Memories): CarriedOutByDigest {
  const known = [...memories.values()].map((memory) => (memory === 'nothing' ? {} : memory.approved));
  const carriedOut: CarriedOutByDigest = Object.assign({}, ...known);
  return carriedOut;
}
