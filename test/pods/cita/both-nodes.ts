// Jobs on both nodes of a chain from cloud-config at once.

import { expect, it } from 'vitest';

import { cloudOpImage } from '../../support/cita/images.ts';
import type { PodsWorld } from '../world.ts';
import { expectGrowth, firstHeight, heightAbove } from './chain-files.ts';
import { accountOf, type Guards } from './guards.ts';
import { CITA, FOLDERS, IN_ORDER, NODES, type Scene } from './scene.ts';

const [NODE0, NODE1] = NODES;

/** A fallback of the whole chain, and a Switchover that the controller does not survive. */
export function jobsOnBothNodes(scene: () => Scene): void {
  it('the whole chain goes back: all stop, all go back, all start', IN_ORDER, async () => {
    const { world, run, fallback, guards } = scene();
    await Promise.all([FOLDERS.node0, FOLDERS.node1].map((folder) => heightAbove(world, folder, 4)));
    const changes = { name: 'all-back', image: cloudOpImage('0.3.1'), node: NODE0, chain: CITA, height: 2 };
    const { record } = await run(fallback(changes).replace(`node: ${NODE0}`, `nodes: [${NODE0}, ${NODE1}]`));
    expect(record).toMatchObject({ phase: 'Complete', height: 2, nodes: [NODE0, NODE1] });
    expectGrowth(record, 2);
    for (const node of NODES) expect(await firstHeight(world, `${node}-0`)).toBe(2);
    const programs = guards
      .workingPods('blockheightfallback-all-back')
      .map(({ spec }) => spec?.initContainers?.[0]?.args);
    expect(programs).toEqual([expect.arrayContaining(['--clean']), expect.arrayContaining(['--clean'])]);
  });

  it('Switchover: the controller is killed in the middle, and finishes it when it is back', IN_ORDER, async () => {
    const { world, run, document, guards } = scene();
    const accounts = followAccounts(guards);
    const ended = run(document('switchover-sample'));
    await accounts.torn;
    await world.controller.kill();
    const ofChain = ['-l', `app.kubernetes.io/chain-name=${CITA}`];
    expect(await world.kubectl(['get', 'pods', ...ofChain, '-o', 'name'])).toBe('');
    expect(await world.kubectl(['get', 'switchovers', '-o', 'jsonpath={.items[*].status.phase}'])).toBe('Working');
    await world.restart();
    expect((await ended).record).toMatchObject({ phase: 'Complete' });
    const account = (node: string): string => `${node}-account`;
    expect(accounts.of(NODE0)).toEqual([account(NODE0), `${NODE0}-being-exchanged`, account(NODE1)]);
    expect(accounts.of(NODE1)).toEqual([account(NODE1), account(NODE0)]);
    await signsAs(world, NODE0, NODE1);
    await signsAs(world, NODE1, NODE0);
  });
}

/** What the accounts of both nodes were, one after another; `torn` resolves when one of them has none. */
function followAccounts(guards: Guards): { readonly torn: Promise<void>; of(node: string): readonly string[] } {
  const seen = new Map<string, string[]>(NODES.map((node) => [node, [`${node}-account`]]));
  const torn = new Promise<void>((resolve) =>
    guards.onStatefulSet((set) => {
      const names = seen.get(set.metadata?.name ?? '');
      const account = accountOf(set) ?? '';
      if (names !== undefined && names.at(-1) !== account) names.push(account);
      if (account.endsWith('-being-exchanged')) resolve();
    }),
  );
  return { torn, of: (node) => seen.get(node) ?? [] };
}

async function signsAs(world: PodsWorld, node: string, account: string): Promise<void> {
  await world.kubectl(['wait', `pod/${node}-0`, '--for=condition=Ready', '--timeout=60s']);
  expect(await world.kubectl(['logs', `${node}-0`, '-c', 'controller'])).toContain(`node address: 0x${account}\n`);
}
