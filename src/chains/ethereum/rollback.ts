// How each execution client is brought back to a height, or why it can't be.

import { lookup } from '../../lib/lookup.ts';
import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { Ask, HowTo, Refused, ToolRun } from '../../api/chain-jobs.ts';
import { type Flags, toArguments } from '../flags.ts';
import { jsonRpcCall } from '../json-rpc.ts';
import { roleFields } from '../role-fields.ts';
import type { EthereumClient } from './client.ts';
import { placeOf } from './place.ts';
import { clientOf } from './workload.ts';

/** State histories that geth keeps by default (`--history.state`). */
const GETH_HISTORY = 90_000;

const INSTEAD = 'Restore a Backup or a Snapshot from that height or below instead.';
const REASONS: Readonly<Record<string, string>> = {
  nethermind: `No command is known that brings all of a Nethermind database back to a height. ${INSTEAD}`,
  besu: `Besu's debug_setHead has not been proven to bring the state back together with the head. ${INSTEAD}`,
  erigon: `Erigon's stages can be unwound, but that has not been proven to leave a node that starts. ${INSTEAD}`,
};

/**
 * Only the execution client goes back. On a public network its consensus client leads it to the network's head again,
 * which is what a rollback is for there: the blocks above are executed again.
 */
export function rollback(node: BlockchainNode, height: number): HowTo {
  const client = clientOf(node.spec, 'el');
  if (client?.name === 'geth') return geth(node, client, height);
  if (client?.name === 'reth') return reth(node, client, height);
  return refuse(
    lookup(REASONS, client?.name ?? '') ?? `How this client goes back to a height is not known. ${INSTEAD}`,
  );
}

function refuse(reason: string): Refused {
  return { how: 'refused', reason };
}

/**
 * `debug_setHead` (internal/ethapi/api.go). It is dangerous, so it is never offered by the running node: the client is
 * started once more, alone. Without `--dev`, which would seal a block at once; it opens the chain that it finds.
 *
 * Where the state is missing geth does not complain: it goes further down, to block 0 in the end. Databases of paths
 * (the default) can go back as far as their state histories; those of hashes (`state.scheme: hash`) have the states that
 * were written, so there the state is asked for before anything is changed.
 *
 * It answers up to a second before it has started all of its services and listens for SIGTERM, which kills it until then
 * (`StartNode` in cmd/utils/cmd.go): no state is written, and its end counts as a failure. The thread that listens shows.
 */
function geth(node: BlockchainNode, client: EthereumClient, height: number): HowTo {
  const { spec } = node;
  const args: Flags = { ...client.chosen(placeOf(spec, 'el', client)), ...spec.args?.['el'] };
  const block = `0x${height.toString(16)}`;
  const guard = call('el.state', 'eth_getBalance', ['0x0000000000000000000000000000000000000000', block]);
  const byHash = args['state.scheme'] === 'hash';
  const history = Number(args['history.state'] ?? GETH_HISTORY);
  return {
    how: 'served',
    client: gethAlone(node, client),
    ready: { ask: call('el.stacks', 'debug_stacks', []), includes: 'cmd/utils.StartNode.func1' },
    asks: [...(byHash ? [guard] : []), call('el.setHead', 'debug_setHead', [block])],
    height: { ask: call('el.height', 'eth_blockNumber', []), at: ['result'], format: 'hex' },
    ...(byHash || history === 0 ? {} : { reach: history }),
  };
}

/** The node's own flags, so that the database is read as it was written; no peers, nothing offered outside the pod. */
function gethAlone({ spec }: BlockchainNode, client: EthereumClient): ToolRun {
  const place = placeOf(spec, 'el', client);
  const args = toArguments('--', client.chosen(place), spec.args?.['el'] ?? {}, {
    ...(place.development ? { networkid: '1337' } : { [place.network]: '' }),
    datadir: place.dataDir,
    ipcdisable: '',
    http: '',
    'http.addr': '127.0.0.1',
    'http.port': String(client.ports.rpc),
    'http.api': 'eth,debug',
    'authrpc.addr': '127.0.0.1',
    'authrpc.jwtsecret': '/tmp/jwt.hex',
    nodiscover: '',
    maxpeers: '0',
    port: '0',
    nat: 'none',
  });
  return run({ spec }, client, { command: client.command, args });
}

/** `reth stage unwind to-block N`: block N stays. Asked again at N it changes nothing and says the same. */
function reth({ spec }: BlockchainNode, client: EthereumClient, height: number): HowTo {
  const place = placeOf(spec, 'el', client);
  const [program = 'reth'] = client.command;
  const flags = { datadir: place.dataDir, chain: place.network, color: 'never', 'log.file.max-files': '0' };
  const args = ['stage', 'unwind', ...toArguments('--', flags), 'to-block', String(height)];
  return {
    how: 'command',
    run: run({ spec }, client, { command: [program], args }),
    repeatable: true,
    heightPattern: 'Unwound blocks.*\\btarget=(\\d+)',
  };
}

function run(
  { spec }: Pick<BlockchainNode, 'spec'>,
  client: EthereumClient,
  program: Pick<ToolRun, 'command' | 'args'>,
): ToolRun {
  const { image, env } = roleFields(spec, 'el', client);
  // The shared volume holds the folder `el`; a volume of its own is that folder.
  const mount =
    spec.storage['el'] === undefined ? { volume: 'data', path: '/data' } : { volume: 'el', path: '/data/el' };
  return { image, ...program, env, mounts: [mount] };
}

function call(id: string, method: string, params: readonly unknown[]): Ask {
  return jsonRpcCall({ id, role: 'el', port: 8545 }, method, params);
}
