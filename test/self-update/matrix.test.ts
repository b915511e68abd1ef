// Every way in which a version can fail, on real pods, and the processes of the controller killed in the middle of each.

import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import type { UpgradeState } from '../../src/upgrade/state.ts';
import { waitFor } from '../demo/wait-for.ts';
import { type ControllerPod, openUpgradeSite, type UpgradeSite } from '../pods/upgrade/site.ts';

let site: UpgradeSite;
/** The image that every failure goes back to. */
let good: string;
let attempt = 0;

beforeAll(async () => {
  site = await openUpgradeSite(['selfUpdate.deadline=75s']);
  good = await site.image();
});
afterAll(async () => await site?.close());
beforeEach(() => void attempt++);

const FAULTS: Readonly<Record<string, { readonly version: string; readonly reason: RegExp }>> = {
  'a pull that the registry denies': { version: '0.3.0', reason: /^UpgradePullFailed$/ },
  'a program that does not exist': { version: 'no-program', reason: /^Upgrade(StartFailed|Crashed)$/ },
  'a crash at the start': { version: 'crashing', reason: /^UpgradeCrashed$/ },
  'a version that never becomes ready': { version: 'silent', reason: /^UpgradeNeverReady$/ },
  'a crash as the leader': { version: 'dying-leader', reason: /^UpgradeCrashed$/ },
  'a crash after it was ready': { version: 'dying', reason: /^UpgradeCrashed$/ },
};

/** Only the container runtime: the controller asks the registry itself. */
function denyPulls(version: string): void {
  if (version !== '0.3.0') return;
  site.registry.letPull(false);
  onTestFinished(() => site.registry.letPull(true));
}

async function podOf(image: 'old' | 'new', { from, to }: UpgradeState): Promise<ControllerPod> {
  const wanted = image === 'old' ? from : to;
  return await waitFor({ what: `a process of ${wanted}`, timeoutMs: 120_000 }, async () =>
    (await site.controllers()).find((pod) => pod.image === wanted && pod.containerId !== ''),
  );
}

/** A process that ended by itself meanwhile is as good as killed. */
async function kill(image: 'old' | 'new', state: UpgradeState): Promise<void> {
  await site.kill(await podOf(image, state)).catch(() => undefined);
}

async function replace(image: 'old' | 'new', state: UpgradeState): Promise<void> {
  const { name } = await podOf(image, state);
  await site.kubectl('delete', 'pod', name, '-n', 'nodewright-system', '--force', '--grace-period=0');
}

async function begun(version: string): Promise<UpgradeState> {
  site.ask(version, attempt);
  return await site.reached(version, 'Rolling', 'Standby', 'Leading');
}

/** Why it was taken back, once the image before leads again. */
async function takenBack(version: string): Promise<string> {
  const state = await site.reached(version, 'Failed');
  await site.settled(good);
  return state.reason ?? '';
}

describe('a version that is refused before anything changes', () => {
  it.each([
    ['no-such-tag', 'UpgradeTagMissing'],
    ['unlabelled', 'UpgradeStateUnreadable'],
    ['other-platform', 'UpgradePlatformMissing'],
  ])('%s: %s', async (version, reason) => {
    site.ask(version, attempt);
    interface SyncFile {
      readonly upgrade?: { readonly version: string; readonly state: string; readonly reason: string };
    }
    const { upgrade } = await site.published<SyncFile>(
      'sync.yaml',
      version,
      ({ upgrade: now }) => now?.version === version,
    );
    expect(upgrade).toMatchObject({ state: 'Refused', reason });
    expect(await site.image()).toBe(good);
  });
});

describe.each(Object.entries(FAULTS))('%s', (_, { version, reason }) => {
  it('is taken back', async () => {
    denyPulls(version);
    await begun(version);
    expect(await takenBack(version)).toMatch(reason);
  });

  it('is taken back when the old process is killed in the middle', async () => {
    denyPulls(version);
    const state = await begun(version);
    await kill('old', state);
    expect(await takenBack(version)).toMatch(reason);
  });

  it('is taken back when the old pod is replaced in the middle', async () => {
    denyPulls(version);
    const state = await begun(version);
    await replace('old', state);
    expect(await takenBack(version)).toMatch(reason);
  });

  it('is taken back when the new pod is replaced in the middle', async () => {
    denyPulls(version);
    const state = await begun(version);
    const pod = await waitFor({ what: 'a pod of the new version', timeoutMs: 60_000 }, async () =>
      (await site.controllers()).find(({ image }) => image === state.to),
    );
    await site.kubectl('delete', 'pod', pod.name, '-n', 'nodewright-system', '--force', '--grace-period=0');
    expect(await takenBack(version)).toMatch(reason);
  });
});

describe('a good version', () => {
  it.each([
    ['the old process is killed before it hands over', 'Rolling', 'old'],
    ['the old process is killed after it handed over', 'Leading', 'old'],
    ['the new process is killed before it leads', 'Standby', 'new'],
    ['the new process is killed as the leader', 'Leading', 'new'],
  ] as const)('completes although %s', async (_what, phase, image) => {
    const version = good.includes(':0.2.0') ? '0.3.0' : '0.2.0';
    site.ask(version, attempt);
    const order = ['Rolling', 'Standby', 'Leading'] as const;
    const state = await site.reached(version, ...order.slice(order.indexOf(phase)));
    await kill(image, state);
    const { to } = await site.reached(version, 'Complete');
    await site.settled(to);
    expect(await site.image()).toBe(to);
    good = to;
  });
});
