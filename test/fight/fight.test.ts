// Two clusters, one repository, one validator key of a running chain: they fight for it, and never do two pods have it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { waitFor } from '../demo/wait-for.ts';
import { wholeChain } from '../pods/comet.ts';
import { basic, type GitServer, startGitServer } from '../support/git-server.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { type HostChain, startHostChain, type Vote } from './chain.ts';
import { blows, choose, randomFrom } from './chaos.ts';
import { forgerPod } from './forger.ts';
import { createOperator, type Operator } from './operator.ts';
import { NAMESPACE, openSide, type Side } from './side.ts';
import { openWitness, type Witness } from './witness.ts';

const MINUTES = Number(process.env['FIGHT_MINUTES'] ?? 10);
const SEED = Number(process.env['FIGHT_SEED'] ?? Date.now() % 100_000);
const random = randomFrom(SEED);

const EXECUTORS = ['paris', 'tokyo'] as const;
/** Each has the key in a Secret of its own, beside another node key: peers must not take them for one. */
const NODES = ['val', 'rival'] as const;

let folder: string;
let server: GitServer;
let sides: readonly Side[];
let network: Validators;
let chain: HostChain;
let witness: Witness;
let operator: Operator;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nodewright-fight-'));
  server = await startGitServer({ accept: [basic('demo', 'demo')] });
  const repo = server.createRepo('fleet');
  const paris = await openSide('paris', server.port);
  sides = [paris, await openSide('tokyo', server.port)];
  network = makeValidators({
    chainId: 'fight-1',
    namespace: NAMESPACE,
    names: ['host', 'val'],
    powers: { host: '30' },
  });
  const { address } = paris.state;
  chain = await startHostChain({
    folder,
    address,
    genesis: textOf(network, 'fight-1-genesis', 'genesis.json'),
    files: filesOf(network, 'host'),
    signer: network.address('val'),
  });
  for (const side of sides) await side.kubectl(['apply', '-f', '-'], objectsFor(side));
  operator = createOperator({ repo, executors: EXECUTORS, nodes: specs(), random });
  witness = openWitness(sides);
  for (const side of sides) side.start();
});
afterAll(async () => {
  await witness?.stop();
  for (const side of sides ?? []) await side.close();
  await chain?.stop();
  await server?.close();
  if (process.env['FIGHT_KEEP'] === undefined) await rm(folder, { recursive: true, force: true });
});

interface Fields {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** The edge: what the network's objects are. */
const fieldsOf = ({ objects }: Validators, name: string): Fields => {
  const found = (objects as readonly Fields[]).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no object ${name}`);
  return found;
};

function textOf(of: Validators, name: string, key: string): string {
  return fieldsOf(of, name).data?.[key] ?? '';
}

function filesOf(of: Validators, name: string): Readonly<Record<string, string>> {
  return fieldsOf(of, of.secretOf(name)).stringData ?? {};
}

function objectsFor({ executor }: Side): readonly object[] {
  const others = makeValidators({ chainId: `peers-${executor}`, namespace: NAMESPACE, names: NODES });
  const key = filesOf(network, 'val')['priv_validator_key.json'];
  const genesis = network.objects.filter((one) => 'data' in one);
  const secrets = NODES.map((name) => fieldsOf(others, others.secretOf(name)));
  return [
    ...genesis,
    ...secrets.map((secret) => ({ ...secret, stringData: { ...secret.stringData, 'priv_validator_key.json': key } })),
  ];
}

/** Where both clusters reach the validator outside. */
function hostPeer(): string {
  return `${network.peer('host').split('@')[0]}@${sides[0]?.state.address}:26656`;
}

function specs(): Readonly<Record<string, object>> {
  const spec = { ...network.validator('val'), cosmos: { persistentPeers: [hostPeer()] } };
  return Object.fromEntries(NODES.map((name) => [name, { ...spec, identity: { secretName: `${name}-keys` } }]));
}

const steps: string[] = [];

it(
  `one key signs in one place for ${MINUTES} minutes`,
  async () => {
    await waitFor({ what: 'the first vote with the key', timeoutMs: 180_000 }, async () => chain.votes[0]);
    await fight(Date.now() + MINUTES * 60_000);
    await peace();
    const { evidence, signed, hands } = await outcome();
    expect(witness.offences()).toEqual([]);
    expect(evidence).toEqual([]);
    expect(chain.conflicts()).toEqual([]);
    expect(outOfOrder(chain.votes)).toEqual([]);
    expect(new Set(hands)).toEqual(new Set(EXECUTORS));
    expect(signed).toBeGreaterThan(0);
  },
  (MINUTES + 10) * 60_000,
);

it('a second signer would have been noticed by the processes, by the API servers and by the chain', async () => {
  const last = witness.seen.signers.at(-1)?.executor;
  const other = sides.find(({ executor }) => executor !== last);
  const secret = `${NODES[0]}-keys`;
  await other?.kubectl(['apply', '-f', '-'], [forgerPod({ secret, genesis: 'fight-1-genesis', peer: hostPeer() })]);
  const noticed = async (what: string, isSeen: () => boolean): Promise<boolean> =>
    await waitFor(
      { what: `the forger to be noticed by ${what}`, timeoutMs: 120_000 },
      async () => isSeen() || undefined,
    );
  const offends = (words: string): boolean => witness.offences().some((one) => one.startsWith(words));
  expect(await noticed('the processes', () => offends('two processes sign'))).toBe(true);
  expect(await noticed('the API servers', () => offends('two pods exist'))).toBe(true);
  expect(await noticed('the chain', () => chain.conflicts().length > 0)).toBe(true);
}, 400_000);

async function fight(until: number): Promise<void> {
  const weighted = blows({ sides, server, random, nodes: NODES });
  let nextChange = 0;
  while (Date.now() < until) {
    operator.approve();
    if (Date.now() > nextChange) {
      steps.push(operator.change());
      nextChange = Date.now() + (15 + random() * 25) * 1000;
    }
    const what = random() < 0.08 ? await choose(weighted, random)() : undefined;
    if (what !== undefined) steps.push(what);
    await wait(1000);
  }
}

/** Everything heals, and the key signs again: the fight has not ended in a lock that nothing releases. */
async function peace(): Promise<void> {
  for (const { api, git } of sides) for (const gate of [api, git]) gate.restore();
  server.fault = undefined;
  const before = chain.votes.length;
  await waitFor({ what: 'votes with the key after the fight', timeoutMs: 300_000, everyMs: 1000 }, async () => {
    operator.approve();
    if (chain.votes.length > before + 5) return true;
    if (random() < 0.03) steps.push(operator.change());
    return undefined;
  });
}

interface Outcome {
  readonly evidence: readonly unknown[];
  /** How many blocks were signed with the key. */
  readonly signed: number;
  /** The executor of each pod that signed, in turn. */
  readonly hands: readonly string[];
}

/** Also printed. */
async function outcome(): Promise<Outcome> {
  const host = { pod: () => ({ status: { podIP: sides[0]?.state.address ?? '' } }) };
  const { height, signers, evidence } = await wholeChain(host, 'host');
  const address = network.address('val');
  const signed = [...signers].filter(([, addresses]) => addresses.includes(address)).length;
  const hands = witness.seen.signers.map(({ executor }) => executor);
  console.log(
    [
      `seed ${SEED}, ${MINUTES} minutes: ${steps.length} blows, ${sides.map(({ executor, starts }) => `${starts} controllers in ${executor}`).join(', ')}`,
      `${operator.approve()} approvals, ${witness.seen.signers.length} pods signed, ${handsOver(hands)} times the key changed the cluster`,
      `${height} blocks, ${signed} of them signed with the key, ${chain.votes.length} votes`,
      `${witness.seen.samples} samples, longest gap ${witness.seen.longestGapMs} ms`,
      ...steps,
    ].join('\n'),
  );
  return { evidence, signed, hands };
}

function handsOver(executors: readonly string[]): number {
  return executors.filter((executor, index) => index > 0 && executor !== executors[index - 1]).length;
}

/** One signer goes up, from height to height, round to round, prevote to precommit, and votes once for each. */
function outOfOrder(votes: readonly Vote[]): readonly string[] {
  const inTime = votes.toSorted((a, b) => (sortable(a.time) < sortable(b.time) ? -1 : 1));
  return inTime.flatMap((vote, index) => {
    const before = inTime[index - 1];
    if (before === undefined || isAfter(vote, before)) return [];
    return [`${JSON.stringify(before)} before ${JSON.stringify(vote)}`];
  });
}

/** Go leaves out the zeros at the end of a fraction. */
function sortable(time: string): string {
  const [seconds = '', fraction = ''] = time.slice(0, -1).split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}

function isAfter(a: Vote, b: Vote): boolean {
  if (a.height !== b.height) return a.height > b.height;
  return a.round === b.round ? a.type > b.type : a.round > b.round;
}
