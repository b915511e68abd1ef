// A btcd of a development network.

import type { NodeFields } from '../pods/node-file.ts';

export const btcdNode: NodeFields = {
  chain: 'bitcoin',
  // It would empty a chain of regtest at every start.
  network: 'simnet',
  clients: { node: { name: 'btcd' } },
  storage: { data: { size: '1Gi' } },
  resources: { node: { requests: { cpu: '10m', memory: '64Mi' } } },
  // The cache is allocated at once.
  args: { node: { utxocachemaxsize: '16' } },
};

/** A btcd with more flags. */
export function btcdWith(flags: Readonly<Record<string, string>>): NodeFields {
  return { ...btcdNode, args: { node: { utxocachemaxsize: '16', ...flags } } };
}
