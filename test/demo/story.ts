// The story of the demo, which is also the test of the whole path: each chapter does a thing and observes its effect.

import { backupAndRestore } from './chapter-jobs.ts';
import { nodeOf, synced } from './facts.ts';
import { clusterOf, expectFact, heightAbove, podUid, runningPod } from './observe.ts';
import { commitAndPush, editFile, EXECUTOR, NAMESPACE, type Stage } from './stage.ts';
import type { Chapter, Teller } from './teller.ts';
import { waitFor } from './wait-for.ts';

const NODES = ['eth-dev', 'comet-dev'] as const;

export const chapters: readonly Chapter[] = [
  { title: 'Two nodes come up from Git and make blocks', tell: twoNodesComeUp },
  { title: 'A branch is planned, merged and rolled out', tell: changeIsRolledOut },
  { title: 'A hand-made change is repaired', tell: driftIsRepaired },
  { title: 'A Backup and a Restore, each by merging a file', tell: backupAndRestore },
  { title: 'A bad file is reported and stops nothing', tell: badFileIsReported },
  { title: 'A node is deleted from Git and its volume stays', tell: nodeIsDeleted },
  { title: 'The status branch shows it all', tell: statusBranchShowsIt },
];

async function twoNodesComeUp(stage: Stage, teller: Teller): Promise<void> {
  const cluster = clusterOf(stage);
  for (const name of NODES) {
    const node = await waitFor(
      { what: `${name} to run and be synced`, timeoutMs: 180_000, onWait: (s, last) => teller.waiting(s, last) },
      async () => synced(await nodeOf(cluster, name)),
    );
    teller.say(`${name} is ${node.status?.phase} at height ${node.status?.height}`);
  }
  for (const name of NODES) {
    const before = (await nodeOf(cluster, name)).status?.height ?? 0;
    const height = await heightAbove(stage, name, before + 2, teller);
    teller.say(`${name} makes blocks: ${before} → ${height}`);
  }
  teller.command('kubectl get bn -A');
  teller.show(await stage.kubectl(['get', 'bn', '-A']));
}

async function changeIsRolledOut(stage: Stage, teller: Teller): Promise<void> {
  const podBefore = await podUid(stage, 'eth-dev');
  await stage.git(['switch', '-q', '-c', 'more-cache']);
  await editFile(stage, 'nodes/dev/eth-dev.yaml', (text) => `${text.trimEnd()}\n  args:\n    el: { cache: '256' }\n`);
  await commitAndPush(stage, 'Give eth-dev more cache');
  const plan = await stage.nodewright(['plan', stage.clone, '--from', 'main', '--to', 'more-cache']);
  teller.say(
    'a person changes nodes/dev/eth-dev.yaml on the branch more-cache and opens a pull request; its check runs:',
  );
  teller.command('nodewright plan --from main --to more-cache');
  teller.show(plan.stdout);
  expectFact(
    plan.code === 1 && plan.stdout.includes('args'),
    'the plan should show the changed argument and exit with 1',
  );
  await stage.git(['switch', '-q', 'main']);
  await stage.git(['merge', '-q', '--ff-only', 'more-cache']);
  await stage.git(['push', '-q', 'origin', 'main']);
  teller.command('git merge more-cache && git push');
  const args = await waitFor(
    { what: 'a new eth-dev pod with --cache=256', timeoutMs: 120_000, onWait: (s, last) => teller.waiting(s, last) },
    async () => {
      const pod = await runningPod(stage, 'eth-dev');
      const line =
        pod?.spec.containers.flatMap(({ command = [], args: rest = [] }) => [...command, ...rest]).join(' ') ?? '';
      return pod !== undefined && pod.metadata.uid !== podBefore && line.includes('--cache=256') ? line : undefined;
    },
  );
  teller.say(`the new pod runs with ${args.split(' ').find((part) => part.startsWith('--cache'))}`);
  const node = await waitFor(
    { what: 'eth-dev to be synced again', timeoutMs: 120_000, onWait: (s, last) => teller.waiting(s, last) },
    async () => synced(await nodeOf(clusterOf(stage), 'eth-dev')),
  );
  teller.say(`its chain went on from the same volume: height ${node.status?.height}`);
}

async function driftIsRepaired(stage: Stage, teller: Teller): Promise<void> {
  const patch = [
    'patch',
    'bn',
    'comet-dev',
    '-n',
    NAMESPACE,
    '--type=merge',
    '-p',
    '{"spec":{"desiredState":"Stopped","terminationGracePeriodSeconds":999}}',
  ];
  teller.command(`kubectl ${patch.join(' ')}`.replace(/'?(\{.*\})'?/, "'$1'"));
  const podBefore = await podUid(stage, 'comet-dev');
  const started = performance.now();
  await stage.kubectl(patch);
  await waitFor({ what: 'the change to be undone', timeoutMs: 30_000, everyMs: 50 }, async () => {
    const { spec } = await nodeOf(clusterOf(stage), 'comet-dev');
    return spec['desiredState'] !== 'Stopped' && spec['terminationGracePeriodSeconds'] === undefined ? true : undefined;
  });
  teller.say(`undone within ${Math.round(performance.now() - started)} ms, kubectl's own time included`);
  teller.command(`kubectl delete service comet-dev -n ${NAMESPACE}`);
  await stage.kubectl(['delete', 'service', 'comet-dev', '-n', NAMESPACE]);
  await waitFor({ what: 'the deleted Service to come back', timeoutMs: 30_000, everyMs: 50 }, async () => {
    await stage.kubectl(['get', 'service', 'comet-dev', '-n', NAMESPACE]);
    return true;
  });
  teller.say('the Service is back');
  expectFact(podBefore !== undefined && (await podUid(stage, 'comet-dev')) === podBefore, 'its pod should still run');
  teller.say('its pod ran on all the while');
}

async function badFileIsReported(stage: Stage, teller: Teller): Promise<void> {
  teller.say('one commit adds a file with a typing error (siez: 1Gi), and relabels another node');
  await editFile(stage, 'nodes/dev/broken.yaml', () => BROKEN);
  await editFile(stage, 'nodes/dev/comet-dev.yaml', (text) => text.replace('team: protocol', 'team: consensus'));
  const commit = await commitAndPush(stage, 'Add a node with a mistake, and relabel another');
  const sync = await waitFor(
    { what: 'the problem on the status branch', timeoutMs: 60_000, onWait: (s, last) => teller.waiting(s, last) },
    async () => {
      const text = await stage.statusFile(`${EXECUTOR}/sync.yaml`);
      return text?.includes('nodes/dev/broken.yaml') === true && text.includes(commit) ? text : undefined;
    },
  );
  teller.command('git show nodewright-status:primary/sync.yaml');
  teller.show(sync);
  await waitFor({ what: 'the other change of the same commit', timeoutMs: 30_000 }, async () => {
    const { metadata } = await nodeOf(clusterOf(stage), 'comet-dev');
    return metadata.labels?.['team'] === 'consensus' ? true : undefined;
  });
  teller.say('the other change of the same commit was applied');
  await stage.git(['rm', '-q', 'nodes/dev/broken.yaml']);
  await commitAndPush(stage, 'Remove the broken file');
}

async function nodeIsDeleted(stage: Stage, teller: Teller): Promise<void> {
  teller.command('git rm nodes/dev/comet-dev.yaml && git commit && git push');
  await stage.git(['rm', '-q', 'nodes/dev/comet-dev.yaml']);
  await commitAndPush(stage, 'Retire comet-dev');
  await waitFor(
    { what: 'comet-dev and its pod to be gone', timeoutMs: 180_000, onWait: (s, last) => teller.waiting(s, last) },
    async () => {
      const left = await stage.kubectl([
        'get',
        'bn,statefulset,pod,service',
        '-n',
        NAMESPACE,
        '-l',
        'novacula.com/node=comet-dev',
        '-o',
        'name',
      ]);
      if (left.trim() !== '') throw new Error(`still there: ${left.trim().split('\n').join(', ')}`);
      return true;
    },
  );
  const volumes = await stage.kubectl(['get', 'pvc', '-n', NAMESPACE, '-l', 'novacula.com/node=comet-dev']);
  expectFact(volumes.includes('Bound'), 'the volume of the deleted node should still be Bound');
  teller.say('the node is gone; its volume is still there');
  teller.command(`kubectl get pvc -n ${NAMESPACE}`);
  teller.show(volumes);
}

async function statusBranchShowsIt(stage: Stage, teller: Teller): Promise<void> {
  const head = (await stage.git(['rev-parse', 'HEAD'])).trim();
  await waitFor({ what: 'the status branch to report the last commit as applied', timeoutMs: 60_000 }, async () => {
    const sync = await stage.statusFile(`${EXECUTOR}/sync.yaml`);
    const gone = await stage.statusFile(`${EXECUTOR}/nodes/${NAMESPACE}/comet-dev.yaml`);
    return sync?.includes(head) === true && gone === undefined ? true : undefined;
  });
  const readme = await stage.statusFile('README.md');
  const node = await stage.statusFile(`${EXECUTOR}/nodes/${NAMESPACE}/eth-dev.yaml`);
  expectFact(
    readme?.includes('eth-dev') === true && node?.includes('phase') === true,
    'README and node file should be there',
  );
  teller.say('its README, as any Git host shows it:');
  teller.show(readme ?? '');
  teller.command(`git show nodewright-status:${EXECUTOR}/nodes/${NAMESPACE}/eth-dev.yaml`);
  teller.show(node ?? '');
  await stage.git(['fetch', '-q', 'origin', 'nodewright-status']);
  teller.command('git log --oneline nodewright-status');
  teller.show(await stage.git(['log', '--format=%h %s', '-12', 'FETCH_HEAD']));
}

const BROKEN = `apiVersion: validatoros.com/v1alpha1
kind: BlockchainNode
metadata:
  name: broken
spec:
  chain: ethereum
  network: dev
  clients:
    el: { name: geth, version: 1.16.7 }
  storage:
    data: { siez: 1Gi }
`;
