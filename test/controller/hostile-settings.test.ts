// Files and nodes made by hand that would run code beside a signing key, or write over its state: nothing of them is applied.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

import { findCondition } from '../../src/api/conditions.ts';
import { API_VERSION } from '../../src/api/group.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  fleet = await startFleet({ kubeconfig: (await testCluster()).kubeconfigPath, nodes: 0 });
  await prepare(fleet);
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const STATE = '/data/data/priv_validator_state.json';
const SDK = { chain: 'cosmos', network: 'a', genesis: { configMap: { name: 'g', key: 'genesis.json' } }, clients: { node: { name: 'cosmos-sdk', image: 'ghcr.io/cosmos/gaia:v25' } }, cosmos: { binary: 'gaiad' }, storage: { data: { size: '1Gi' } }, desiredState: 'Stopped' }; // prettier-ignore
const ETHEREUM = { chain: 'ethereum', network: 'hoodi', clients: { el: { name: 'geth' }, cl: { name: 'lodestar' } }, storage: { data: { size: '1Gi' } }, desiredState: 'Stopped' }; // prettier-ignore

const rows = [
  { name: 'shell', spec: { ...SDK, env: { node: [{ name: 'SHELLOPTS', value: 'xtrace' }, { name: 'PS4', value: '$(base64 /identity/priv_validator_key.json)' }] } }, codes: ['RunsPrograms', 'RunsPrograms'] }, // prettier-ignore
  { name: 'flags', spec: { ...SDK, args: { node: { 'cpu-profile': STATE, 'trace-store': STATE } } }, codes: ['WritesFiles', 'WritesFiles'] }, // prettier-ignore
  { name: 'binary', spec: { ...SDK, cosmos: { binary: 'sh' } }, codes: ['RunsPrograms'] },
  { name: 'inspect', spec: { ...ETHEREUM, env: { cl: [{ name: 'NODE_OPTIONS', value: '--inspect=0.0.0.0:9229' }] } }, codes: ['RunsPrograms'] }, // prettier-ignore
];

interface Reported {
  readonly place: string;
  readonly level: string;
  readonly code: string;
}

it('a merged file is refused with the codes of its settings, and its good form is applied', async () => {
  const files = rows.map(({ name, spec }) => [`nodes/${name}.yaml`, fileOf(name, spec)] as const);
  const commit = fleet.commit({ ...Object.fromEntries(files), 'nodes/good.yaml': fileOf('good', SDK) });
  running.controller.requestSync();
  await waitFor('the commit is reported', () => fleet.statusFile('sync.yaml')?.includes(`seen: main@sha1:${commit}`));
  await waitFor('the good node', async () => (await fleet.nodes()).has('good'));
  expect([...(await fleet.nodes()).keys()]).toEqual(['good']);
  const problems = (parse(fleet.statusFile('sync.yaml') ?? '') as { problems: { list: readonly Reported[] } }).problems.list; // prettier-ignore
  for (const { name, codes } of rows)
    expect(
      problems
        .filter(({ level, place }) => level === 'error' && place.startsWith(`nodes/${name}.yaml:`))
        .map(({ code }) => code),
    ).toEqual(codes);
}, 120_000);

it.each(rows)(
  'a node made by hand is not applied: $name',
  async ({ name, spec }) => {
    const ref = { apiVersion: API_VERSION, kind: 'BlockchainNode', namespace: fleet.namespace, name: `hand-${name}` };
    const { apiVersion, kind, ...metadata } = ref;
    await fleet.cluster.create({ apiVersion, kind, metadata, spec: { executor: fleet.executor, ...spec } });
    await waitFor('its condition', async () => {
      const live = (await fleet.cluster.get(ref)) as { status?: { conditions?: [] } } | undefined;
      return findCondition(live?.status?.conditions, 'Stalled')?.reason === 'InvalidSpec';
    });
    expect(await fleet.cluster.get({ ...ref, apiVersion: 'apps/v1', kind: 'StatefulSet' })).toBeUndefined();
  },
  120_000,
);

function fileOf(name: string, spec: object): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'BlockchainNode', metadata: { name }, spec });
}
