// The CRD of BlockchainNode, with the blocks and rules of the chains.

import { NodeStatus } from '../api/blockchain-node.ts';
import { celName, toCrd, type CelRule, type CustomKind, type PrinterColumn } from '../api/crd.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Chain } from '../chains/chain.ts';
import { nodeSpecSchema } from './kinds.ts';

/** The CRD of BlockchainNode for these chains. */
export function nodeCrd(chains: readonly Chain[]): KubeObject {
  return toCrd(nodeKind(chains));
}

function nodeKind(chains: readonly Chain[]): CustomKind {
  return {
    kind: 'BlockchainNode',
    shortNames: ['bn'],
    // Not `all`: `kubectl delete all --all` must not delete nodes.
    categories: ['nodewright'],
    description: 'One blockchain node, of one or more processes, run by Nodewright.',
    // The StatefulSet's revision label has 63 characters for the name and a hash.
    maxNameLength: 52,
    spec: nodeSpecSchema(chains),
    status: NodeStatus,
    columns: COLUMNS,
    specRules: chains.filter(({ options }) => options !== undefined).map(optionsRule),
  };
}

function optionsRule({ name }: Chain): CelRule {
  const rule = `!has(self.${celName(name)}) || self.chain == '${name}'`;
  return { rule, message: `${name}: only for nodes with chain: ${name}` };
}

const COLUMNS: readonly PrinterColumn[] = [
  { name: 'Chain', type: 'string', jsonPath: '.spec.chain' },
  { name: 'Network', type: 'string', jsonPath: '.spec.network' },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Synced', type: 'boolean', jsonPath: '.status.synced' },
  { name: 'Height', type: 'integer', jsonPath: '.status.height' },
  { name: 'Peers', type: 'integer', jsonPath: '.status.peers' },
  // Why the node is not what Git asks for; empty when it is.
  { name: 'Unapplied', type: 'string', jsonPath: ".status.conditions[?(@.type=='Unapplied')].reason" },
  // Why data of the node is lost, or will be; empty when it is not.
  { name: 'At Risk', type: 'string', jsonPath: ".status.conditions[?(@.type=='DataAtRisk')].reason" },
  // When the figures were read. An idle node is not written again: the Lease of the controller says whether it lives.
  { name: 'Last Seen', type: 'date', jsonPath: '.status.observedAt' },
  { name: 'Type', type: 'string', jsonPath: '.spec.nodeType', priority: 1 },
  { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status", priority: 1 },
  { name: 'Message', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].message", priority: 1 },
  { name: 'Why', type: 'string', jsonPath: ".status.conditions[?(@.type=='Unapplied')].message", priority: 1 },
  { name: 'Risk', type: 'string', jsonPath: ".status.conditions[?(@.type=='DataAtRisk')].message", priority: 1 },
  { name: 'Suspended', type: 'string', jsonPath: ".status.conditions[?(@.type=='Suspended')].message", priority: 1 },
  { name: 'Paused By', type: 'string', jsonPath: '.status.pause.by', priority: 1 },
  { name: 'Revision', type: 'string', jsonPath: '.status.appliedRevision', priority: 1 },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];
