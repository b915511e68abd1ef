// What `validate` says of requests: every impossible one with its reason, none that is possible.

import { describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { ChainJobs, HowTo } from '../../src/api/chain-jobs.ts';
import { checkRequest } from '../../src/jobs/kinds/check-request.ts';
import type { CheckContext } from '../../src/jobs/model/job-kind.ts';

function node(name: string, spec: object = {}): [string, BlockchainNode] {
  const full = {
    chain: 'cosmos',
    network: 'local',
    desiredState: 'Running',
    storage: {},
    clients: {},
    identity: { secretName: `${name}-key` },
    ...spec,
  };
  return [
    `prod/${name}`,
    {
      apiVersion: 'x',
      kind: 'BlockchainNode',
      metadata: { name, namespace: 'prod' },
      spec: full,
    } as unknown as BlockchainNode,
  ];
}

const nodes = new Map([
  node('a'),
  node('b'),
  node('eth', { chain: 'ethereum', network: 'hoodi', clients: { el: { name: 'geth' } } }),
  node('reth', { chain: 'ethereum', network: 'hoodi', clients: { el: { name: 'reth' } } }),
  node('testnet', { network: 'theta' }),
  node('keyless', { identity: undefined }),
  node('idle', { suspend: true }),
  node('off', { desiredState: 'Stopped' }),
  node('far', { executor: 'tokyo' }),
  node('own', { executor: 'paris' }),
  node('s1'),
  node('s2'),
  node('odd', { chain: 'other' }),
]);

const HEIGHT = {
  ask: { id: 'h', role: 'el', port: 1, method: 'GET', path: '/' },
  at: [],
  format: 'decimal',
} as const;

const SERVED: HowTo = {
  how: 'served',
  client: { image: 'i', command: [], args: [], mounts: [] },
  asks: [],
  height: HEIGHT,
};
const ROLLBACKS: Readonly<Record<string, HowTo>> = {
  b: { how: 'refused', reason: 'a validator that signed a removed height refuses to sign it again' },
  s1: SERVED,
  s2: SERVED,
};

const chainJobs = (chain: string): ChainJobs => ({
  identityFiles: () => [],
  signerState: () => [],
  databaseMarkers: () => [],
  rollback: ({ metadata }) => ROLLBACKS[metadata.name] ?? { how: 'ask', asks: [], height: HEIGHT },
  snapshot: () => ({ how: 'copy' }),
  switchover: () =>
    chain === 'ethereum' ? { how: 'refused', reason: 'has no signing key of its own' } : { how: 'secret' },
});

function sourcesOf(others: Readonly<Record<string, object>>): ReadonlyMap<string, { readonly spec: unknown }> {
  return new Map(Object.entries(others).map(([key, spec]) => [key, { spec }]));
}

const foreign = { chain: 'c', deployMethod: 'cloud-config' };

interface Row {
  readonly because: string;
  readonly kind: string;
  readonly spec: object;
  readonly others?: Readonly<Record<string, object>>;
  readonly want: readonly string[];
}

/** What two decisions together come to, and what looks wrong and is not. */
const MORE: readonly Row[] = [
  { because: 'the chain given for safety is right', kind: 'Backup', spec: { node: 'a', chain: 'cosmos' }, want: [] },
  { because: 'the network given for safety is right', kind: 'Backup', spec: { node: 'a', chain: 'local' }, want: [] },
  { because: 'a node of this executor', kind: 'Backup', spec: { node: 'own' }, want: [] },
  { because: 'an image for a managed node', kind: 'Backup', spec: { node: 'a', image: 'x:1' }, want: [] },
  { because: 'a node of another tool is not judged by a managed one of its name', kind: 'Backup', spec: { node: 'off', action: 'Direct', ...foreign }, want: ['error ManagedNode spec.node', 'warning LiveCopy spec.action'] },
  { because: 'object storage without a record, of another tool', kind: 'Restore', spec: { node: 'n', source: { objectStorage: { name: 'far' } }, ...foreign }, want: ['error NotSupported spec.source'] },
  { because: 'the backup of another tool', kind: 'Restore', spec: { node: 'n', backup: 'x', ...foreign }, want: [] },
  { because: 'a backup for a node that is not there', kind: 'Restore', spec: { node: 'zzz', backup: 'x' }, others: { 'Backup/prod/x': { node: 'a', deployMethod: 'managed' } }, want: ['error UnknownNode spec.node'] },
  { because: 'nowhere to put it', kind: 'Snapshot', spec: { node: 'a', blockHeight: 1, destination: {} }, want: ['error OneOf spec.destination'] },
  { because: 'a rule for backups', kind: 'Retention', spec: { node: 'a', schedule: 's', destination: { objectStorage: { name: 'far' } }, keep: { last: 1 } }, want: [] },
  { because: 'one running client', kind: 'BlockHeightFallback', spec: { node: 'a', blockHeight: 1 }, want: [] },
  { because: 'several stopped clients', kind: 'BlockHeightFallback', spec: { nodes: ['s1', 's2'], blockHeight: 1 }, want: [] },
  { because: 'one of several that is not there', kind: 'BlockHeightFallback', spec: { nodes: ['s1', 'zzz'], blockHeight: 1 }, want: ['error UnknownNode spec.nodes.1'] },
  { because: 'one helm node', kind: 'BlockHeightFallback', spec: { node: 'c-0', blockHeight: 1, chain: 'c', deployMethod: 'helm' }, want: [] },
  { because: 'nothing to exchange at the source', kind: 'Switchover', spec: { sourceNode: 'keyless', destNode: 'a' }, want: ['error NoIdentity spec.sourceNode'] },
  { because: 'a source that is not there', kind: 'Switchover', spec: { sourceNode: 'zzz', destNode: 'a' }, want: ['error UnknownNode spec.sourceNode'] },
  { because: 'a destination that is not there', kind: 'Switchover', spec: { sourceNode: 'a', destNode: 'zzz' }, want: ['error UnknownNode spec.destNode'] },
  ...['testnet', 'odd'].map((destNode) => ({ because: `nodes of two networks: ${destNode}`, kind: 'Switchover', spec: { sourceNode: 'a', destNode }, want: ['error WrongChain spec.destNode'] })),
]; // prettier-ignore

describe('checkRequest', () => {
  it.each<Row>([
    { because: 'a backup of a known node', kind: 'Backup', spec: { node: 'a' }, want: [] },
    { because: 'a backup of a cloud-config node', kind: 'Backup', spec: { node: 'n0', ...foreign }, want: [] },
    {
      because: 'a node that is not there',
      kind: 'Backup',
      spec: { node: 'zzz' },
      want: ['error UnknownNode spec.node'],
    },
    {
      because: 'the chain given for safety is another',
      kind: 'Backup',
      spec: { node: 'a', chain: 'bitcoin' },
      want: ['error WrongChain spec.chain'],
    },
    {
      because: 'a managed node under the name of a foreign one',
      kind: 'Backup',
      spec: { node: 'a', ...foreign },
      want: ['error ManagedNode spec.node'],
    },
    {
      because: 'other layouts need a chain',
      kind: 'Backup',
      spec: { node: 'n', deployMethod: 'python' },
      want: ['error MissingField spec.chain'],
    },
    {
      because: 'a live copy is warned of',
      kind: 'Backup',
      spec: { node: 'a', action: 'Direct' },
      want: ['warning LiveCopy spec.action'],
    },
    { because: 'no live copy of a stopped node', kind: 'Backup', spec: { node: 'off', action: 'Direct' }, want: [] },
    {
      because: 'a node that is stopped already, as Direct needs it',
      kind: 'Restore',
      spec: { node: 'off', source: { objectStorage: { name: 'far' } }, action: 'Direct' },
      want: [],
    },
    {
      because: 'an image that nothing uses',
      kind: 'Backup',
      spec: { node: 'n', image: 'x:1', ...foreign },
      want: ['warning ImageNotUsed spec.image'],
    },
    {
      because: 'a suspended node',
      kind: 'ChangeOwner',
      spec: { node: 'idle' },
      want: ['warning NodeSuspended spec.node'],
    },
    {
      because: 'a node of another executor',
      kind: 'Backup',
      spec: { node: 'far' },
      want: ['warning OtherExecutor spec.node'],
    },
    {
      because: 'neither backup nor snapshot',
      kind: 'Restore',
      spec: { node: 'a' },
      want: ['error OneOf spec.backup'],
    },
    {
      because: 'both',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x', snapshot: 'y' },
      want: ['error OneOf spec.backup'],
    },
    {
      because: 'a backup that is not in the commit',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x' },
      others: {},
      want: ['warning UnknownSource spec.backup'],
    },
    {
      because: 'a backup of the same node',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x' },
      others: { 'Backup/prod/x': { node: 'a', deployMethod: 'managed' } },
      want: [],
    },
    {
      because: 'a backup of another node of the chain and client',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x' },
      others: { 'Backup/prod/x': { node: 'b', deployMethod: 'managed' } },
      want: [],
    },
    {
      because: 'a backup of a node of another chain',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x' },
      others: { 'Backup/prod/x': { node: 'eth', deployMethod: 'managed' } },
      want: ['error WrongChain spec.backup'],
    },
    {
      because: 'a snapshot of a node of another network',
      kind: 'Restore',
      spec: { node: 'a', snapshot: 'x' },
      others: { 'Snapshot/prod/x': { node: 'testnet', deployMethod: 'managed' } },
      want: ['error WrongChain spec.snapshot'],
    },
    {
      because: 'a backup of a node that runs another client now',
      kind: 'Restore',
      spec: { node: 'eth', backup: 'x' },
      others: { 'Backup/prod/x': { node: 'reth', deployMethod: 'managed' } },
      want: ['warning WrongClient spec.backup'],
    },
    {
      because: 'a backup of a node that the commit does not have',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x' },
      others: { 'Backup/prod/x': { node: 'gone', deployMethod: 'managed' } },
      want: [],
    },
    {
      because: 'a backup that another tool deployed the node of',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x' },
      others: { 'Backup/prod/x': { node: 'eth', deployMethod: 'helm' } },
      want: [],
    },
    {
      because: 'a restore under a running node',
      kind: 'Restore',
      spec: { node: 'a', backup: 'x', action: 'Direct' },
      want: ['warning DirectRestore spec.action'],
    },
    {
      because: 'neither node nor nodes',
      kind: 'BlockHeightFallback',
      spec: { blockHeight: 1 },
      want: ['error OneOf spec.node'],
    },
    {
      because: 'a node twice',
      kind: 'BlockHeightFallback',
      spec: { nodes: ['n', 'n'], blockHeight: 1, ...foreign },
      want: ['error DuplicateNode spec.nodes'],
    },
    {
      because: 'what the client cannot do',
      kind: 'BlockHeightFallback',
      spec: { node: 'b', blockHeight: 1 },
      want: ['error NotSupported spec.node'],
    },
    {
      because: 'running clients, several at once',
      kind: 'BlockHeightFallback',
      spec: { nodes: ['a', 'eth'], blockHeight: 1 },
      want: ['error NotSupported spec.nodes.0', 'error NotSupported spec.nodes.1'],
    },
    {
      because: 'a helm node of another release',
      kind: 'BlockHeightFallback',
      spec: { nodes: ['c-0', 'd-0'], blockHeight: 1, chain: 'c', deployMethod: 'helm' },
      want: ['error WrongChain spec.nodes.1'],
    },
    { because: 'two nodes of one chain', kind: 'Switchover', spec: { sourceNode: 'a', destNode: 'b' }, want: [] },
    {
      because: 'a node with itself',
      kind: 'Switchover',
      spec: { sourceNode: 'a', destNode: 'a' },
      want: ['error SameNode spec.destNode'],
    },
    {
      because: 'nodes of two chains',
      kind: 'Switchover',
      spec: { sourceNode: 'a', destNode: 'eth' },
      want: ['error NotSupported spec.destNode', 'error WrongChain spec.destNode'],
    },
    {
      because: 'nothing to exchange',
      kind: 'Switchover',
      spec: { sourceNode: 'a', destNode: 'keyless' },
      want: ['error NoIdentity spec.destNode'],
    },
    {
      because: 'no account in the python layout',
      kind: 'Switchover',
      spec: { sourceNode: 'x', destNode: 'y', chain: 'c', deployMethod: 'python' },
      want: ['error NotSupported spec.deployMethod'],
    },
    {
      because: 'no account in the helm layout',
      kind: 'Switchover',
      spec: { sourceNode: 'x', destNode: 'y', chain: 'c', deployMethod: 'helm' },
      want: ['error NotSupported spec.deployMethod'],
    },
    ...MORE,
    { because: 'no such kind', kind: 'Recover', spec: {}, want: ['error UnknownKind kind'] },
  ])('$because', ({ kind, spec, others, want }) => {
    const problems = checkRequest(
      { kind, spec },
      {
        name: 'x',
        namespace: 'prod',
        executor: 'paris',
        nodes,
        chainJobs,
        ...(others === undefined ? {} : { others: sourcesOf(others) }),
      },
    );
    expect(problems.map(({ level, code, path }) => `${level} ${code} ${path.join('.')}`)).toEqual(want);
    for (const { message } of problems) expect(message.length).toBeGreaterThan(10);
  });

  it.each([
    { node: 'a', from: 'b', says: /did you mean "bk1"\?$/ },
    { node: 'a', from: 'eth', says: /refused unless there is one/ },
    { node: 'eth', from: 'reth', says: /did you mean "bk1"\?$/ },
  ])('names a source for $node that was probably meant only when it can be restored: one of $from', (row) => {
    const others = sourcesOf({ 'Backup/prod/bk1': { node: row.from, deployMethod: 'managed' } });
    const context = { name: 'x', namespace: 'prod', nodes, others, chainJobs };
    const [problem] = checkRequest({ kind: 'Restore', spec: { node: row.node, backup: 'bk9' } }, context);
    expect(problem?.message).toMatch(row.says);
  });

  it.each([
    { name: 'testnett', says: /^there is no BlockchainNode prod\/testnett; did you mean "testnet"\?$/ },
    { name: 'zed', says: /; other\/zed is in another namespace: a job must be in the namespace of its node$/ },
    { name: 'validatox', says: /; if another tool deployed it, set deployMethod to / },
  ])('says of the node $name, which is not there, what may be meant', ({ name, says }) => {
    const all = new Map([...nodes, ...['zed', 'validator'].map((one) => [`other/${one}`, node('a')[1]] as const)]);
    const context = { name: 'x', namespace: 'prod', nodes: all, chainJobs };
    const [problem] = checkRequest({ kind: 'ChangeOwner', spec: { node: name } }, context);
    expect(problem?.message).toMatch(says);
  });

  it('names both places where nodes cannot exchange keys', () => {
    const spec = { sourceNode: 'a', destNode: 'testnet' };
    const [problem] = checkRequest({ kind: 'Switchover', spec }, { name: 'x', namespace: 'prod', nodes, chainJobs });
    expect(problem?.message).toBe('testnet is on cosmos theta, a is on cosmos local');
  });

  it.each<{ readonly because: string; readonly kind: string; readonly spec: object; readonly known: Partial<CheckContext>; readonly codes: readonly string[] }>([
    { because: 'no nodes', kind: 'Backup', spec: { node: 'zzz' }, known: {}, codes: [] },
    { because: 'no nodes', kind: 'Backup', spec: { node: 'off', action: 'Direct' }, known: {}, codes: ['LiveCopy'] },
    { because: 'no nodes', kind: 'Restore', spec: { node: 'off', backup: 'x', action: 'Direct' }, known: {}, codes: ['DirectRestore'] },
    { because: 'only that the file of the node is broken', kind: 'Backup', spec: { node: 'zzz' }, known: { nodes, brokenNodes: new Set(['prod/zzz']) }, codes: [] },
    { because: 'no executor', kind: 'Backup', spec: { node: 'far' }, known: { nodes }, codes: [] },
    { because: 'nothing of chains', kind: 'BlockHeightFallback', spec: { node: 'b', blockHeight: 1 }, known: { nodes }, codes: [] },
    { because: 'not this chain', kind: 'BlockHeightFallback', spec: { node: 'b', blockHeight: 1 }, known: { nodes, chainJobs: () => undefined }, codes: [] },
    { because: 'nothing of chains', kind: 'Switchover', spec: { sourceNode: 'eth', destNode: 'reth' }, known: { nodes }, codes: [] },
    { because: 'not this chain', kind: 'Switchover', spec: { sourceNode: 'eth', destNode: 'reth' }, known: { nodes, chainJobs: () => undefined }, codes: [] },
  ])('says of a $kind, knowing $because, no more than $codes', ({ kind, spec, known, codes }) => {
    const problems = checkRequest({ kind, spec }, { name: 'x', namespace: 'prod', ...known });
    expect(problems.map(({ code }) => code)).toEqual(codes);
  }); // prettier-ignore
});
