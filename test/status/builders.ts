// Observations for tests: a good Ethereum node at the tip, and ways to spoil it.

import type { BlockchainNode, NodeStatus } from '../../src/api/blockchain-node.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { Expectation, RoleFacts } from '../../src/chains/observed.ts';
import type { Observation } from '../../src/status/observation.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const ago = (seconds: number): string => `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`;

export function aNode(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): BlockchainNode {
  return {
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'BlockchainNode',
    metadata: { name: 'eth-0', namespace: 'novacula-system', generation: 3, ...metadata },
    spec: {
      chain: 'ethereum',
      network: 'hoodi',
      nodeType: 'full',
      clients: { el: { name: 'geth', version: '1.16.7' }, cl: { name: 'lighthouse' } },
      storage: { data: { size: '100Gi' } },
      serviceType: 'ClusterIP',
      desiredState: 'Running',
      deletionPolicy: 'Retain',
      ...spec,
    },
  };
}

export function running(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const state = { running: { startedAt: ago(3600) } };
  return {
    name,
    image: `example/${name}:1`,
    ready: true,
    started: true,
    restartCount: 0,
    state,
    lastState: {},
    ...more,
  };
}

export function waiting(name: string, reason: string, message = ''): Record<string, unknown> {
  return running(name, { ready: false, started: false, state: { waiting: { reason, message } } });
}

/** A container between crashes. */
export function crashed(name: string, end: Record<string, unknown>): Record<string, unknown> {
  return { ...waiting(name, 'CrashLoopBackOff'), restartCount: 4, lastState: { terminated: { exitCode: 1, ...end } } };
}

export interface PodParts {
  readonly containers?: readonly unknown[];
  readonly inits?: readonly unknown[];
  readonly status?: Record<string, unknown>;
  readonly spec?: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
}

export function aPod({ containers, inits = [], status = {}, spec = {}, metadata = {} }: PodParts = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'eth-0-0',
      creationTimestamp: ago(3700),
      labels: { 'controller-revision-hash': 'r1' },
      ...metadata,
    },
    spec: { nodeName: 'machine-1', ...spec },
    status: {
      phase: 'Running',
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      initContainerStatuses: inits,
      containerStatuses: containers ?? [running('el'), running('cl')],
      ...status,
    },
  };
}

/** A pod that is not scheduled. */
export function unscheduled(message: string): KubeObject {
  return aPod({
    spec: { nodeName: undefined },
    containers: [],
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
    },
  });
}

export function aClaim(phase: string, metadata: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-eth-0-0', ...metadata },
    spec: { storageClassName: 'fast', resources: { requests: { storage: '100Gi' } } },
    status: { phase, ...(phase === 'Bound' ? { capacity: { storage: '100Gi' } } : {}) },
  };
}

export function aSet(replicas = 1, updateRevision = 'r1'): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'eth-0', generation: 7 },
    spec: { replicas },
    status: { observedGeneration: 7, updateRevision },
  };
}

export const EL: RoleFacts = {
  reach: 'answering', syncing: false, height: 1_000, headTime: NOW / 1000 - 6, peers: 25, version: 'Geth/v1.16.7', chainId: '560048',
}; // prettier-ignore
export const CL: RoleFacts = {
  reach: 'answering', syncing: false, height: 2_000, headTime: NOW / 1000 - 6, peers: 60, progress: 1,
}; // prettier-ignore

export const EXPECTATIONS: ReadonlyMap<string, Expectation> = new Map([
  ['el', { maxHeadAgeSeconds: 60, minPeers: 1, chainId: '560048', maxLag: 2 }],
  ['cl', { maxHeadAgeSeconds: 60, minPeers: 1 }],
]);

export function facts(el: Partial<RoleFacts> = {}, cl: Partial<RoleFacts> = {}): ReadonlyMap<string, RoleFacts> {
  return new Map([
    ['el', { ...EL, ...el }],
    ['cl', { ...CL, ...cl }],
  ]);
}

export function observe(parts: Partial<Observation> = {}): Observation {
  return {
    node: aNode(),
    statefulSet: aSet(),
    pods: [aPod()],
    pvcs: [aClaim('Bound')],
    facts: facts(),
    expectations: EXPECTATIONS,
    now: NOW,
    revision: 'main@sha1:363a6a8f0c2b4d5e6f708192a3b4c5d6e7f80912',
    ...parts,
  };
}

export function withStatus(node: BlockchainNode, status: NodeStatus): BlockchainNode {
  return { ...node, status };
}
