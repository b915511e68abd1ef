// What to ask a running Ethereum node: JSON-RPC of the execution client, beacon API of the consensus client.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LONG_REPLY_BYTES, type Question } from '../observed.ts';
import { jsonRpcCall } from '../json-rpc.ts';
import { clientOf } from './workload.ts';

/** All questions, independent of each other; ids are `<role>.<what>`. */
export function questions(node: BlockchainNode): readonly Question[] {
  const [el, cl] = [clientOf(node.spec, 'el'), clientOf(node.spec, 'cl')];
  return [...(el === undefined ? [] : execution(el.ports.rpc)), ...(cl === undefined ? [] : consensus(cl.ports.rpc))];
}

function execution(port: number): readonly Question[] {
  const calls: readonly (readonly [id: string, method: string, params: readonly unknown[]])[] = [
    ['el.syncing', 'eth_syncing', []],
    ['el.block', 'eth_getBlockByNumber', ['latest', false]],
    ['el.peers', 'net_peerCount', []],
    ['el.version', 'web3_clientVersion', []],
    ['el.chainId', 'eth_chainId', []],
  ];
  return calls.map(([id, method, params]) => ({
    ...jsonRpcCall({ id, role: 'el', port }, method, params),
    // A block lists the hashes of its transactions.
    ...(id === 'el.block' ? { maxBytes: LONG_REPLY_BYTES } : {}),
  }));
}

function consensus(port: number): readonly Question[] {
  const paths = { 'cl.syncing': 'syncing', 'cl.peers': 'peer_count', 'cl.version': 'version' };
  return Object.entries(paths).map(([id, last]) => ({
    id,
    role: 'cl',
    port,
    method: 'GET',
    path: `/eth/v1/node/${last}`,
  }));
}
