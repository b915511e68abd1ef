// Targets, requests and settings that many tests of jobs need.

import type { JobTarget } from '../../../src/api/job-status.ts';
import { findJobKind } from '../../../src/jobs/kinds/index.ts';
import type { JobKind, JobView } from '../../../src/jobs/model/job-kind.ts';
import type {
  JobObservation,
  ObservedStorage,
  RestoreSource,
  ObservedNode,
} from '../../../src/jobs/model/observation.ts';
import { DEFAULT_SETTINGS, type JobSettings } from '../../../src/jobs/model/settings.ts';

export const settings: JobSettings = { ...DEFAULT_SETTINGS, workerImage: 'example.com/nodewright:1.0.0' };

export const UID = '1f0c22aa-0000-4000-8000-000000000001';

export function kindNamed(name: string): JobKind {
  const kind = findJobKind(name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

export function managedTarget(node: string, more: Partial<JobTarget> = {}): JobTarget {
  return {
    node,
    deployMethod: 'managed',
    workload: { apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', name: node },
    wasRunning: true,
    podSelector: { 'novacula.com/node': node },
    host: 'host-1',
    volumes: [{ name: 'data', claim: `data-${node}-0`, storageClass: 'fast', size: '10Gi' }],
    uid: 1000,
    gid: 1000,
    chain: 'cosmos',
    network: 'local',
    identity: `${node}-key`,
    height: 100,
    images: ['example.com/gaia:v1'],
    ...more,
  };
}

export function citaTarget(node: string, more: Partial<JobTarget> = {}): JobTarget {
  return {
    node,
    deployMethod: 'cloud-config',
    workload: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: node },
    replicas: 1,
    wasRunning: true,
    podSelector: { 'app.kubernetes.io/chain-node': node },
    volumes: [{ name: 'data', claim: `datadir-${node}-0`, storageClass: 'nas', size: '20Gi' }],
    uid: 1000,
    gid: 1000,
    chain: 'test-chain',
    configMap: `${node}-config`,
    identity: `${node}-account`,
    identityVolume: 'node-account',
    height: 100,
    images: ['docker.io/citacloud/consensus_overlord:v6.7.4'],
    consensus: 'overlord',
    ...more,
  };
}

export function targetSeen(target: JobTarget, more: Partial<ObservedNode> = {}): ObservedNode {
  return {
    found: { ok: true, target },
    pods: [{ name: `${target.node}-0`, ready: true, host: 'host-1' }],
    replicas: 1,
    paused: false,
    health: { answering: true, height: 100 },
    answers: {
      identityFiles: [{ volume: 'data', path: 'config/node_key.json' }],
      signerState: [{ volume: 'data', path: 'data/priv_validator_state.json', format: 'cometbft' }],
      snapshot: { how: 'copy' },
      switchover: { how: 'secret' },
    },
    ...more,
  };
}

export function observed(more: Partial<JobObservation> = {}): JobObservation {
  return {
    deleting: false,
    release: false,
    record: { uid: UID, phase: 'Claimed' },
    locks: new Map(),
    absent: [],
    targets: new Map(),
    pvc: undefined,
    tasks: new Map(),
    workerPods: 0,
    identities: new Map(),
    source: undefined,
    ...more,
  };
}

/** The location `offsite`, as a policy defines it. */
const STORAGE: ObservedStorage = {
  ok: true,
  location: 'offsite',
  base: 's3:https://s3.example.com/backups',
  secret: 'backup-keys',
  executor: 'demo',
};

export function viewFor(kind: string, targets: readonly JobTarget[], more: Partial<JobObservation> = {}): JobView {
  return {
    job: { kind, namespace: 'prod', name: 'one', uid: UID },
    targets,
    observed: observed({
      targets: new Map(targets.map((target) => [target.node, targetSeen(target)])),
      storage: STORAGE,
      ...more,
    }),
    live: false,
  };
}

export function source(more: Partial<RestoreSource> = {}): RestoreSource {
  return {
    phase: 'Complete',
    job: 'Backup prod/nightly',
    kind: 'Backup',
    pvcName: 'backup-nightly-1f0c22aa',
    pvcPresent: true,
    manifestSha256: 'a'.repeat(64),
    height: 90,
    chain: 'cosmos',
    network: 'local',
    node: 'a',
    live: false,
    deployMethod: 'managed',
    ...more,
  };
}
