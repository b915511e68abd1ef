// Git down, wrong, slow or busy: nodes are reconciled from what the cluster holds, the reason is seen, status catches up.

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { readBranchWarning } from '../../src/cli/branch-warning.ts';
import type { Settings } from '../../src/controller/engine/options.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import type { Fault } from '../support/git-faults.ts';
import { tipOf } from '../support/git-repo.ts';
import { basic } from '../support/git-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

let kubeconfig: string;
let fleet: Fleet;
let running: Running | undefined;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 2, git: { accept: [basic('git', 'right')] } });
  await prepare(fleet);
});
afterEach(async () => {
  fleet.server.fault = undefined;
  await running?.stop();
  running = undefined;
  await fleet.close();
});

async function run(password = 'right', settings: Partial<Settings> = {}): Promise<Running> {
  running = await runController(fleet, {
    settings,
    credentials: async () => await Promise.resolve({ kind: 'basic', username: 'git', password }),
  });
  return running;
}

async function synced(): Promise<void> {
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
}

/** A Service of n0 removed by hand is made again. */
async function isLookedAfter(): Promise<boolean> {
  const what = { apiVersion: 'v1', kind: 'Service', name: 'n0', namespace: fleet.namespace };
  const uid = (await fleet.cluster.get(what))?.metadata.uid;
  await byHand(kubeconfig).remove(what);
  return await waitFor(
    'the Service is back',
    async () => ((await fleet.cluster.get(what))?.metadata.uid ?? uid) !== uid,
  );
}

const rows: readonly { readonly because: string; readonly fault: Fault; readonly words: RegExp }[] = [
  { because: 'an internal error', fault: { do: 'status', status: 500 }, words: /500/ },
  { because: 'wrong credentials from now on', fault: { do: 'status', status: 401 }, words: /401|credential|refused/i },
  { because: 'the repository is gone', fault: { do: 'status', status: 404 }, words: /404|not found|does not exist/i },
  { because: 'the connection is cut', fault: { do: 'cut', after: 10 }, words: /cut|connection|incomplete|ended/i },
];

describe('Git fails while it runs', () => {
  it.each(rows)(
    '$because: the reason is in log and metrics, nodes are reconciled, status catches up',
    async ({ fault, words }) => {
      const { controller, log, metrics } = await run();
      await synced();
      await waitFor(
        'the Service is there',
        async () => (await fleet.cluster.list(KINDS.Service, { namespace: fleet.namespace })).length >= 2,
      );
      fleet.server.fault = () => fault;
      const commit = fleet.commit({
        'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', 'restartGeneration: 4']),
      });
      controller.requestSync();
      const line = await waitFor('the reason is in the log', () =>
        log.find((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'pull'),
      );
      expect(line['reason']).toMatch(words);
      expect(await metrics()).toMatch(/git[a-z_]*\{[^}]*result="error"/);
      expect(await isLookedAfter()).toBe(true);
      expect((await fleet.nodes()).get('n0')?.spec.restartGeneration).toBeUndefined();
      expect(String(line['reason'])).not.toBe('');
      // The status branch can't be written now; what was wrong is in the log, and is over afterwards.
      fleet.server.fault = undefined;
      await published(fleet, running, commit);
      expect((await fleet.nodes()).get('n0')?.spec.restartGeneration).toBe(4);
      expect(fleet.statusFile('sync.yaml')).not.toContain('gitTrouble');
    },
  );

  it('`nodewright status` says that the desired branch is not read and the status branch not written, until both are over', async () => {
    const { controller } = await run();
    await synced();
    const { cluster, namespace, executor } = fleet;
    const warning = async (): Promise<string | undefined> => await readBranchWarning(cluster, { executor, namespace });
    expect(await warning()).toBeUndefined();
    fleet.server.fault = () => ({ do: 'status', status: 404 });
    controller.requestSync();
    const lines = await waitFor('both are said', async () => {
      const said = (await warning())?.split('\n') ?? [];
      return said.length === 2 && said;
    });
    expect(lines).toEqual([
      expect.stringMatching(/ cannot read the desired branch, so that what is merged has no effect: .*404/),
      expect.stringMatching(/ cannot write the status branch: .*404/),
    ]);
    fleet.server.fault = undefined;
    controller.requestSync();
    await waitFor('both are over', async () => (await warning()) === undefined);
  });

  it('429 with Retry-After: not asked again before', async () => {
    const { controller, log } = await run();
    await synced();
    fleet.server.fault = () => ({ do: 'status', status: 429, headers: { 'Retry-After': '3' } });
    controller.requestSync();
    await waitFor('it was refused', () =>
      log.some((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'pull'),
    );
    const line = log.find((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'pull');
    expect(Number(line?.['retryMs'])).toBeGreaterThanOrEqual(3000);
  });

  it('a corrupted transfer is never applied, and done again', async () => {
    const { controller, log } = await run();
    await synced();
    let damaged = 0;
    fleet.server.fault = ({ service, method }) =>
      service === 'git-upload-pack' && method === 'POST' && damaged++ < 12 ? { do: 'flip', fromEnd: 30 } : 'pass';
    const commit = fleet.commit({
      'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', 'restartGeneration: 6']),
    });
    controller.requestSync();
    await waitFor(
      'it was noticed',
      () => log.some((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'pull') || damaged >= 12,
    );
    fleet.server.fault = undefined;
    await published(fleet, running, commit);
    expect((await fleet.nodes()).get('n0')?.spec.restartGeneration).toBe(6);
  });
});

describe('a branch that does not exist', () => {
  it('is said in sync.yaml in the words of the reader, not as a Git that does not answer', async () => {
    await run('right', { branch: 'mian' });
    const text = await waitFor('it is said', () => {
      const sync = fleet.statusFile('sync.yaml')?.replaceAll(/\s+/g, ' ') ?? '';
      return sync.includes('cannot be read') ? sync : undefined;
    });
    expect(text).toContain(
      'The branch mian cannot be read, and no commit of it was ever read: BRANCH_MISSING: The branch',
    );
  });
});

describe('Git is down at the start', () => {
  it('the nodes that the cluster holds are reconciled; status comes later', async () => {
    await run();
    await synced();
    await waitFor(
      'the Service is there',
      async () => (await fleet.cluster.list(KINDS.Service, { namespace: fleet.namespace })).length >= 2,
    );
    await running?.stop();
    fleet.server.fault = () => ({ do: 'status', status: 502 });
    const commit = fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
    const { controller } = await run();
    expect(await isLookedAfter()).toBe(true);
    expect(controller.isSynced).toBe(false);
    fleet.server.fault = undefined;
    await published(fleet, running, commit);
    expect(controller.isSynced).toBe(true);
    expect([...(await fleet.nodes()).keys()].sort()).toEqual(['n0', 'n1', 'n3']);
  });

  it('with a wrong password nothing is deleted, nothing made, and the password is in no text', async () => {
    const { log } = await run('geheim-123');
    await waitFor('it was refused', () =>
      log.some((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'pull'),
    );
    expect((await fleet.nodes()).size).toBe(0);
    expect(JSON.stringify(log)).not.toContain('geheim-123');
    expect(JSON.stringify(log)).not.toContain(Buffer.from('git:geheim-123').toString('base64'));
  });
});
