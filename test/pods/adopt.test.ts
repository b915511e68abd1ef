// Workloads made by hand, taken over on real pods with the commands that `nodewright adopt` prints: no block is lost, and
// nothing gets another owner before the administrator says so.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Adoption } from '../../src/adopt/adoption.ts';
import { runCommand } from '../demo/run-command.ts';
import { waitFor } from '../demo/wait-for.ts';
import { statusOf } from './comet.ts';
import { gethOf } from './geth.ts';
import { unready } from './observer.ts';
import { addressOf } from './pod-finder.ts';
import { type PodsWorld, startWorld } from './world.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

let world: PodsWorld;
beforeAll(async () => {
  world = await startWorld('adopt');
});
afterAll(async () => {
  await world?.close();
});

interface HandMade {
  readonly name: string;
  readonly volume: string;
  readonly path: string;
  readonly container: object;
}

/** As it is written without any tool. */
function statefulSet({ name, volume, path, container }: HandMade): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          terminationGracePeriodSeconds: 120,
          containers: [
            {
              name: 'main',
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: [{ name: volume, mountPath: path }],
              ...container,
            },
          ],
        },
      },
      volumeClaimTemplates: [
        { metadata: { name: volume }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      ],
    },
  }; // prettier-ignore
}

async function planned(...args: readonly string[]): Promise<Adoption> {
  const place = ['--kubeconfig', world.kubeconfig, '--namespace', world.namespace, '--format', 'json'];
  const { stdout } = await runCommand(process.execPath, [MAIN, 'adopt', ...args, ...place], { accept: [0, 1] });
  return JSON.parse(stdout) as Adoption;
}

async function chainIdOf(name: string): Promise<string> {
  const response = await fetch(`http://${addressOf(world, name)}:26657/status`);
  const { result } = (await response.json()) as { result: { node_info: { network: string } } };
  return result.node_info.network;
}

/** All commands of the steps, in their order. */
async function follow({ steps }: Adoption): Promise<void> {
  for (const { argv, object } of steps.flatMap(({ commands }) => commands)) {
    const [program, ...args] = argv;
    expect(program).toBe('kubectl');
    await world.kubectl(args, object === undefined ? undefined : [object]);
  }
}

const running = (file: string): string => file.replace('desiredState: Stopped', 'desiredState: Running');

/** Objects and their versions: whether a command changed anything. */
const everything = async (): Promise<string> =>
  await world.kubectl(['get', 'statefulset,pvc,pod,service', '-o', 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.generation}{"\\n"}{end}']); // prettier-ignore

describe('a geth of another tool', () => {
  it('becomes a node of another name by a rebind of its volume, with all blocks', async () => {
    const container = { image: 'ethereum/client-go:v1.16.7', command: ['sh', '-c', 'exec geth --dev --dev.period=2 --datadir /chain --cache 64 --http --http.addr=0.0.0.0'] }; // prettier-ignore
    await world.kubectl(['apply', '-f', '-'], [statefulSet({ name: 'legacy', volume: 'storage', path: '/chain', container })]); // prettier-ignore
    const old = gethOf(world, 'legacy');
    const before = await waitFor({ what: 'five blocks', timeoutMs: 180_000 }, async () => {
      const hashes = await old.hashes();
      return hashes.length > 5 ? hashes : undefined;
    });

    const untouched = await everything();
    const file = join(world.state.directory, `adopted-${world.namespace}.yaml`);
    const adoption = await planned('legacy', '--name', 'adopted', '--write', file);
    expect(adoption.problems).toEqual([]);
    expect(await everything()).toBe(untouched);

    world.commit('Adopt a geth', { 'nodes/adopted.yaml': adoption.file });
    await world.await('adopted', 'Stopped', ({ status }) => status?.phase === 'Stopped');
    await follow(adoption);
    world.commit('Start it', { 'nodes/adopted.yaml': running(adoption.file) });
    await world.await('adopted', 'more blocks', ({ status }) => (status?.height ?? 0) > before.length);
    expect((await gethOf(world, 'adopted').hashes()).slice(0, before.length)).toEqual(before);
    expect(world.pvc('el-adopted-0')?.spec?.volumeName).toBe(adoption.steps[2]?.commands[0]?.argv[3]);
  });
});

describe('a CometBFT of the same name', () => {
  it('is NotOurs until its PVC carries the label, and then continues from its height with its key', async () => {
    const container = { image: 'cometbft/cometbft:v1.0.1', env: [{ name: 'CMTHOME', value: '/data' }], command: ['sh', '-c', 'cometbft init --home /data && exec cometbft start --home /data --proxy_app kvstore --rpc.laddr tcp://0.0.0.0:26657'] }; // prettier-ignore
    await world.kubectl(['apply', '-f', '-'], [statefulSet({ name: 'solo', volume: 'data', path: '/data', container })]); // prettier-ignore
    const before = await waitFor({ what: 'height 3', timeoutMs: 180_000 }, async () => {
      const status = await statusOf(world, 'solo');
      return status.height >= 3 ? status : undefined;
    });
    // A chain with an id of its own: no pod shows it, so the administrator says it.
    const more = join(world.state.directory, `chain-${world.namespace}.yaml`);
    await writeFile(more, `cosmos: { chainId: ${await chainIdOf('solo')} }\n`);
    const adoption = await planned('pvc/data-solo-0', '--network', 'dev', '--spec', more);
    expect(adoption.problems).toEqual([]);
    expect(adoption.signers[0]).toMatch(/holds a signing key.* StatefulSet \S+\/solo must have stopped/);
    world.commit('Adopt a CometBFT', { 'nodes/solo.yaml': adoption.file });
    await world.await('solo', 'NotOurs', (node) => unready(node) === 'NotOurs');
    expect((await statusOf(world, 'solo')).height).toBeGreaterThanOrEqual(before.height);

    // All but the label: the controller must not take the PVC.
    const [label] = adoption.steps.flatMap(({ commands }) => commands).filter(({ argv }) => argv.includes('label'));
    const withoutLabel = { ...adoption, steps: adoption.steps.map((step) => ({ ...step, commands: step.commands.filter((one) => one !== label) })) }; // prettier-ignore
    await follow(withoutLabel);
    world.commit('Start it', { 'nodes/solo.yaml': running(adoption.file) });
    await world.await('solo', 'the PVC to be NotOurs', ({ status }) =>
      (status?.conditions ?? []).some(({ message }) => message.includes('data-solo-0 exists and is not of this node')),
    );
    await world.kubectl(label?.argv.slice(1) ?? []);
    await world.await('solo', 'a higher block', ({ status }) => (status?.height ?? 0) > before.height);
    expect((await statusOf(world, 'solo')).address).toBe(before.address);
  });
});
