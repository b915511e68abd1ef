// Node files for the tests with real pods: small, and different in what each case is about.

import { stringify } from 'yaml';

/** Members of `spec` over a base; `undefined` leaves one of the base out. */
export type NodeFields = Readonly<Record<string, unknown>>;

/** A geth that seals a block every two seconds. */
export const gethDev: NodeFields = {
  chain: 'ethereum',
  network: 'dev',
  clients: { el: { name: 'geth', version: '1.16.7' } },
  storage: { data: { size: '1Gi' } },
  resources: { el: { requests: { cpu: '10m', memory: '64Mi' } } },
  args: { el: { cache: '64' } },
};

/** A CometBFT chain of one validator. */
export const cometDev: NodeFields = {
  chain: 'cosmos',
  network: 'dev',
  nodeType: 'validator',
  clients: { node: { name: 'cometbft', version: '1.0.1' } },
  storage: { data: { size: '1Gi' } },
  resources: { node: { requests: { cpu: '10m', memory: '64Mi' } } },
};

/** The text of a node's file. */
export function nodeFile(name: string, spec: NodeFields): string {
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', metadata: { name }, spec });
}
