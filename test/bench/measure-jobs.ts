// One-shot jobs: from a merged request to its claim on the status branch, to its work; and two hundred requests at once.

import { API_VERSION, DEFAULT_NAMESPACE, LABEL } from '../../src/api/group.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { git } from '../support/git-repo.ts';
import { type Figure, median } from './figure.ts';
import { EXECUTOR, nodeName } from './fleet.ts';
import { firstReadAfter, packSentAt } from './git-requests.ts';
import { settle } from './settle.ts';
import { type Sightings, watchKind } from './sightings.ts';
import { LOOK_OFTEN, type Stage } from './stage.ts';
import { until } from './wait.ts';

const ROUNDS = 7;
/** Stopped nodes that have all their objects. */
const FIRST = 10;
const MANY = 100;
const FIRST_OF_MANY = 100;

export async function measureJobs(stage: Stage): Promise<readonly Figure[]> {
  await stage.start(LOOK_OFTEN);
  await settle(stage, 3000);
  const pods = await watchKind(stage.cluster, KINDS.Pod, LABEL.job);
  try {
    const runs: Run[] = [];
    for (let round = 0; round < ROUNDS; round++) runs.push(await runOne(stage, pods, round));
    return [
      seconds('a merged request, from fetched to claimed', median(runs.map(({ claimMs }) => claimMs)), 1),
      seconds('from claimed to work on a stopped node', median(runs.map(({ workMs }) => workMs)), 5),
      ...(await claimMany(stage)),
    ];
  } finally {
    pods.stop();
  }
}

interface Run {
  readonly claimMs: number;
  readonly workMs: number;
}

async function runOne(stage: Stage, pods: Sightings, round: number): Promise<Run> {
  const node = nodeName(FIRST + round);
  const name = `bench-${round}`;
  // A StatefulSet that never had a pod made no claim.
  await stage.cluster.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `data-${node}-0`, namespace: DEFAULT_NAMESPACE, labels: { [LABEL.node]: node } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const pushed = performance.now();
  stage.push({ [`jobs/${name}.yaml`]: request('Backup', name, { node }) });
  const claimed = await claimedAt(stage, pushed, [`backup/${DEFAULT_NAMESPACE}/${name}.yaml`]);
  const working = await pods.until(`a pod of ${name} to run`, 60_000, () =>
    pods.list().some((pod) => {
      const { [LABEL.job]: job = '' } = pod.metadata.labels ?? {};
      return job.startsWith(`backup-${name}`) && textAt(pod, ['status', 'phase']) !== 'Pending';
    }),
  );
  const fetched = packSentAt(stage.server, (await firstReadAfter(stage.server, pushed)).at, claimed);
  return { claimMs: claimed - fetched, workMs: working - claimed };
}

/** Two for each of a hundred nodes, in one commit. They wait for volumes that never come, so only claiming is measured. */
async function claimMany(stage: Stage): Promise<readonly Figure[]> {
  const names = Array.from({ length: MANY }, (_, index) => nodeName(FIRST_OF_MANY + index)).flatMap((node) =>
    ['a', 'b'].map((which) => ({ name: `${node}-${which}`, node })),
  );
  const files = names.map(({ name, node }) => [
    `jobs/${name}.yaml`,
    request('Restore', name, { node, backup: 'none' }),
  ]);
  const records = names.map(({ name }) => `restore/${DEFAULT_NAMESPACE}/${name}.yaml`);
  const pushed = performance.now();
  stage.push(Object.fromEntries(files) as Record<string, string>);
  const claimed = await claimedAt(stage, pushed, records);
  const fetched = packSentAt(stage.server, (await firstReadAfter(stage.server, pushed)).at, claimed);
  const adding = git(stage.repo, ['log', '--diff-filter=A', '--format=%H', BRANCH, '--', ...records.map(pathOf)]);
  return [
    seconds(`${2 * MANY} requests in one commit, from fetched to claimed`, claimed - fetched),
    { name: `pushes that claim them`, value: new Set(adding.split('\n')).size, unit: 'commits', limit: 1 },
  ];
}

const BRANCH = 'nodewright-status';
const pathOf = (record: string): string => `${EXECUTOR}/jobs/${record}`;

/** When the push had ended with which all these records were on the status branch. */
async function claimedAt({ server, repo }: Stage, began: number, records: readonly string[]): Promise<number> {
  const judged = new Set<object>();
  return await until(`${records.length} claims to be on the status branch`, 60_000, () => {
    for (const push of server.requests) {
      const isPush = push.service === 'git-receive-pack' && push.method === 'POST';
      if (!isPush || push.at < began || push.endedAt === 0 || judged.has(push)) continue;
      judged.add(push);
      const found = git(repo, ['ls-tree', '-r', '--name-only', BRANCH, `${EXECUTOR}/jobs/`]).split('\n');
      if (records.every((record) => found.includes(pathOf(record)))) return push.endedAt;
    }
    return undefined;
  });
}

function request(kind: string, name: string, spec: object): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec });
}

function seconds(name: string, ms: number, limit?: number): Figure {
  return { name, value: ms / 1000, unit: 's', ...(limit === undefined ? {} : { limit }) };
}
