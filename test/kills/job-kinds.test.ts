// The controller is killed at every stage of every kind that works on one node or several: the outcome is that of the
// same request without a disturbance. Backup and Restore: `backup-and-restore`, Switchover: `switchover`.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { importWorkerImage } from '../cluster/worker-image.ts';
import { git } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { SCENARIOS } from './crash-scenarios.ts';
import type { Scenario } from './crash-scenario.ts';
import { type CrashWorld, startCrashWorld } from '../pods/crash-world.ts';
import { type Killer, startKiller } from '../pods/kill-points.ts';
import { expectOneRun } from '../pods/one-run.ts';
import { podsCluster } from '../pods/world.ts';

let world: CrashWorld;
let killer: Killer;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig, state } = await podsCluster();
  const image = await importWorkerImage(state);
  world = await startCrashWorld({ kubeconfig, state, image, nodes: 5 });
  await allowRoot();
});
afterAll(async () => {
  await killer?.close();
  await world?.close();
});

const undisturbed = new Map<string, Outcome>();

describe('undisturbed', () => {
  it.concurrent.each(SCENARIOS)('$title does what it is for, once', async (scenario) => {
    const outcome = await play(scenario, 'calm');
    expect(outcome).toMatchObject({ phase: 'Complete', starts: scenario.nodes.map(() => 1) });
    undisturbed.set(scenario.title, outcome);
  });
});

describe('killed at every stage', () => {
  beforeAll(() => {
    killer = startKiller(world);
  });

  it.concurrent.each(SCENARIOS)('$title comes to the same end', async (scenario) => {
    expect(await play(scenario, 'killed', killer)).toEqual(undisturbed.get(scenario.title));
  });
});

interface Outcome {
  readonly phase: string;
  readonly reason: string | undefined;
  readonly message: string;
  /** How often each node was started again. */
  readonly starts: readonly number[];
}

/** Asks for it, waits for its end, expects its proof; gives what must be the same each time. */
async function play({ title, kind, nodes, prepare }: Scenario, how: string, killer?: Killer): Promise<Outcome> {
  const name = `${how}-${title.replaceAll(' ', '-').toLowerCase()}`;
  const { spec, meanwhile, proof } = await prepare(world);
  const podsBefore = nodes.map((node) => world.podsEver(`${node}-0`).length);
  killer?.aimAt(kind, name);
  world.ask(kind, name, spec);
  await meanwhile?.(name);
  await killer?.isDone(kind, name);
  await proof(await expectOneRun(world, { kind, name, nodes }));
  await looksAgain(name);
  const { phase, reason, message = '' } = await expectOneRun(world, { kind, name, nodes });
  const starts = nodes.map((node, index) => world.podsEver(`${node}-0`).length - (podsBefore[index] ?? 0));
  return { phase, reason, message: message.replaceAll(/\d+/g, '#'), starts };
}

/** Waits until the controller that runs now has applied a commit of now: what it would do again, it has begun. */
async function looksAgain(name: string): Promise<void> {
  const { fleet } = world;
  const commit = fleet.commit({ [`notes/${name}.md`]: 'Look again.' });
  await waitFor(
    'a new commit is applied',
    () => {
      const applied = /applied: main@sha1:(\w+)/.exec(fleet.statusFile('sync.yaml') ?? '')?.[1];
      return applied !== undefined && git(fleet.repo, ['rev-list', '-1', commit, `^${applied}`]) === '';
    },
    60_000,
  );
}

/** Only root may give files away. */
async function allowRoot(): Promise<void> {
  const { cluster, namespace } = world.fleet;
  const path = '/metadata/labels/pod-security.kubernetes.io~1enforce';
  await cluster.patch({ apiVersion: 'v1', kind: 'Namespace', name: namespace }, [
    { op: 'replace', path, value: 'baseline' },
  ]);
}
