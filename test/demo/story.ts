// The chapters of the demo, which are also the end-to-end test: each one makes a change and observes its effect.

import { backupAndRestore } from './chapter-jobs.ts';
import { nodeOf, synced } from './facts.ts';
import { clusterOf, expectFact, heightAbove, podUid, runningPod } from './observe.ts';
import { commitAndPush, editFile, EXECUTOR, NAMESPACE, type Stage } from './stage.ts';
import type { Chapter, Narrator } from './narrator.ts';
import { waitFor } from './wait-for.ts';

const NODES = ['eth-dev', 'comet-dev'] as const;

export const chapters: readonly Chapter[] = [
  { title: 'Two nodes start from Git and produce blocks', run: twoNodesComeUp },
  { title: 'A change is planned on a branch, merged and rolled out', run: changeIsRolledOut },
  { title: 'A manual change in the cluster is reverted', run: driftIsRepaired },
  { title: 'A Backup and a Restore run, each requested by merging a file', run: backupAndRestore },
  { title: 'An invalid file is reported and blocks nothing else', run: badFileIsReported },
  { title: 'A node is deleted from Git and its PVC is kept', run: nodeIsDeleted },
  { title: 'The status branch reports everything', run: statusBranchShowsIt },
];

async function twoNodesComeUp(stage: Stage, narrator: Narrator): Promise<void> {
  const cluster = clusterOf(stage);
  for (const name of NODES) {
    const node = await waitFor(
      { what: `${name} to run and be synced`, timeoutMs: 180_000, onWait: (s, last) => narrator.waiting(s, last) },
      async () => synced(await nodeOf(cluster, name)),
    );
    narrator.say(`${name} is ${node.status?.phase} at height ${node.status?.height}`);
  }
  for (const name of NODES) {
    const before = (await nodeOf(cluster, name)).status?.height ?? 0;
    const height = await heightAbove({ stage, narrator }, name, before + 2);
    narrator.say(`${name} produces blocks: height ${before} → ${height}`);
  }
  narrator.command('kubectl get bn -A');
  narrator.show(await stage.kubectl(['get', 'bn', '-A']));
}

async function changeIsRolledOut(stage: Stage, narrator: Narrator): Promise<void> {
  const podBefore = await podUid(stage, 'eth-dev');
  await stage.git(['switch', '-q', '-c', 'more-cache']);
  await editFile(stage, 'nodes/dev/eth-dev.yaml', (text) => `${text.trimEnd()}\n  args:\n    el: { cache: '256' }\n`);
  await commitAndPush(stage, 'Increase the cache of eth-dev');
  const plan = await stage.nodewright(['plan', stage.clone, '--from', 'main', '--to', 'more-cache']);
  narrator.say(
    'an author changes nodes/dev/eth-dev.yaml on the branch more-cache and opens a pull request; its check runs:',
  );
  narrator.command('nodewright plan --from main --to more-cache');
  narrator.show(plan.stdout);
  expectFact(
    plan.code === 1 && plan.stdout.includes('args'),
    'the plan should show the changed argument and exit with 1',
  );
  await stage.git(['switch', '-q', 'main']);
  await stage.git(['merge', '-q', '--ff-only', 'more-cache']);
  await stage.git(['push', '-q', 'origin', 'main']);
  narrator.command('git merge more-cache && git push');
  const args = await waitFor(
    { what: 'a new eth-dev pod with --cache=256', timeoutMs: 120_000, onWait: (s, last) => narrator.waiting(s, last) },
    async () => {
      const pod = await runningPod(stage, 'eth-dev');
      const line =
        pod?.spec.containers.flatMap(({ command = [], args: rest = [] }) => [...command, ...rest]).join(' ') ?? '';
      return pod !== undefined && pod.metadata.uid !== podBefore && line.includes('--cache=256') ? line : undefined;
    },
  );
  narrator.say(`the new pod runs with ${args.split(' ').find((part) => part.startsWith('--cache'))}`);
  const node = await waitFor(
    { what: 'eth-dev to be synced again', timeoutMs: 120_000, onWait: (s, last) => narrator.waiting(s, last) },
    async () => synced(await nodeOf(clusterOf(stage), 'eth-dev')),
  );
  narrator.say(`the chain continues from the same volume: height ${node.status?.height}`);
}

async function driftIsRepaired(stage: Stage, narrator: Narrator): Promise<void> {
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
  narrator.command(`kubectl ${patch.join(' ')}`.replace(/'?(\{.*\})'?/, "'$1'"));
  const podBefore = await podUid(stage, 'comet-dev');
  const started = performance.now();
  await stage.kubectl(patch);
  await waitFor({ what: 'the change to be reverted', timeoutMs: 30_000, everyMs: 50 }, async () => {
    const { spec } = await nodeOf(clusterOf(stage), 'comet-dev');
    return spec['desiredState'] !== 'Stopped' && spec['terminationGracePeriodSeconds'] === undefined ? true : undefined;
  });
  narrator.say(`reverted within ${Math.round(performance.now() - started)} ms, including the time of kubectl itself`);
  narrator.command(`kubectl delete service comet-dev -n ${NAMESPACE}`);
  await stage.kubectl(['delete', 'service', 'comet-dev', '-n', NAMESPACE]);
  await waitFor({ what: 'the deleted Service to be created again', timeoutMs: 30_000, everyMs: 50 }, async () => {
    await stage.kubectl(['get', 'service', 'comet-dev', '-n', NAMESPACE]);
    return true;
  });
  narrator.say('the Service was created again');
  expectFact(podBefore !== undefined && (await podUid(stage, 'comet-dev')) === podBefore, 'its pod should still run');
  narrator.say('its pod kept running');
}

async function badFileIsReported(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.say('one commit adds a file with a misspelled field (siez: 1Gi) and changes a label of another node');
  await editFile(stage, 'nodes/dev/broken.yaml', () => BROKEN);
  await editFile(stage, 'nodes/dev/comet-dev.yaml', (text) => text.replace('team: protocol', 'team: consensus'));
  const commit = await commitAndPush(stage, 'Add a node with a mistake, and change a label of another');
  const sync = await waitFor(
    { what: 'the problem on the status branch', timeoutMs: 60_000, onWait: (s, last) => narrator.waiting(s, last) },
    async () => {
      const text = await stage.statusFile(`${EXECUTOR}/sync.yaml`);
      return text?.includes('nodes/dev/broken.yaml') === true && text.includes(commit) ? text : undefined;
    },
  );
  narrator.command('git show nodewright-status:primary/sync.yaml');
  narrator.show(sync);
  await waitFor({ what: 'the other change of the same commit', timeoutMs: 30_000 }, async () => {
    const { metadata } = await nodeOf(clusterOf(stage), 'comet-dev');
    return metadata.labels?.['team'] === 'consensus' ? true : undefined;
  });
  narrator.say('the other change of the same commit was applied');
  await stage.git(['rm', '-q', 'nodes/dev/broken.yaml']);
  await commitAndPush(stage, 'Remove the invalid file');
}

async function nodeIsDeleted(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.command('git rm nodes/dev/comet-dev.yaml && git commit && git push');
  await stage.git(['rm', '-q', 'nodes/dev/comet-dev.yaml']);
  await commitAndPush(stage, 'Delete comet-dev');
  await waitFor(
    { what: 'comet-dev and its pod to be deleted', timeoutMs: 180_000, onWait: (s, last) => narrator.waiting(s, last) },
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
  expectFact(volumes.includes('Bound'), 'the PVC of the deleted node should still be Bound');
  narrator.say('the node was deleted; its PVC was kept');
  narrator.command(`kubectl get pvc -n ${NAMESPACE}`);
  narrator.show(volumes);
}

async function statusBranchShowsIt(stage: Stage, narrator: Narrator): Promise<void> {
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
  narrator.say('its README, as a Git host displays it:');
  narrator.show(readme ?? '');
  narrator.command(`git show nodewright-status:${EXECUTOR}/nodes/${NAMESPACE}/eth-dev.yaml`);
  narrator.show(node ?? '');
  await stage.git(['fetch', '-q', 'origin', 'nodewright-status']);
  narrator.command('git log --oneline nodewright-status');
  narrator.show(await stage.git(['log', '--format=%h %s', '-12', 'FETCH_HEAD']));
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
