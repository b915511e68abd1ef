// Where a node's peers find it.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import { networkOf } from './networks.ts';

export function p2pPort(spec: NodeSpec): number {
  return spec.p2p?.port ?? networkOf(spec.network).p2p;
}

/** `externalip`, which both clients read as `address:port`; an IPv6 address stands in brackets. */
export function advertised(spec: NodeSpec): { readonly externalip?: string } {
  const address = spec.p2p?.advertiseAddress;
  if (address === undefined) return {};
  return { externalip: `${address.includes(':') ? `[${address}]` : address}:${p2pPort(spec)}` };
}
