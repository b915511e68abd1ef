// The three layouts of CITA-Cloud tools, and the command lines of cloud-op on them, as the reference gives them.

import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { recoverArgs, rollbackArgs, snapshotArgs, toolOf, type Tool } from '../../src/jobs/layouts/cloud-op.ts';
import { layoutOf } from '../../src/jobs/layouts/index.ts';
import type { Layout } from '../../src/jobs/layouts/layout.ts';
import { citaTarget } from './support/fixtures.ts';

function layout(method: 'cloud-config' | 'python' | 'helm'): Layout {
  const found = layoutOf(method);
  if (found === undefined) throw new Error(method);
  return found;
}

function workload(
  { kind, name }: { readonly kind: string; readonly name: string },
  pod: object,
  more: object = {},
): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, labels: { 'app.kubernetes.io/chain-name': 'test-chain' } },
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: { spec: pod }, ...more },
  };
}

function claim(name: string): [string, KubeObject] {
  return [
    name,
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: { storageClassName: 'nas', resources: { requests: { storage: '10Gi' } } },
    },
  ];
}

const containers = (...images: string[]): object[] => images.map((image) => ({ image }));
const dataVolume = { name: 'datadir', persistentVolumeClaim: { claimName: 'shared' } };

const cloudConfig = workload(
  { kind: 'StatefulSet', name: 'test-chain-node0' },
  {
    securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
    containers: containers(
      'registry.sm-raft.example/citacloud/consensus_overlord:v6.7.4',
      'citacloud/executor_evm:v6.7.4',
    ),
    volumes: [
      { name: 'node-account', configMap: { name: 'test-chain-node0-account' } },
      { name: 'node-config', configMap: { name: 'test-chain-node0-config' } },
    ],
  },
);

describe('layouts', () => {
  it('cloud-config: own PVC, configuration and account', () => {
    const found = layout('cloud-config').read(
      { chain: 'test-chain', node: 'test-chain-node0' },
      { workload: cloudConfig, pvcs: new Map([claim('datadir-test-chain-node0-0')]), host: 'm1' },
    );
    expect(found).toMatchObject({
      ok: true,
      target: {
        workload: { kind: 'StatefulSet', name: 'test-chain-node0' },
        replicas: 1,
        uid: 1000,
        host: 'm1',
        volumes: [{ claim: 'datadir-test-chain-node0-0', size: '10Gi', storageClass: 'nas' }],
        configMap: 'test-chain-node0-config',
        identity: 'test-chain-node0-account',
        consensus: 'overlord',
      },
    });
    // "sm" and "raft" in the registry's name say nothing.
    expect(found).not.toHaveProperty('target.crypto');
  });

  it("python: the named node's own Deployment and its folder, not the first of the chain", () => {
    const deployment = workload(
      { kind: 'Deployment', name: 'test-chain-3' },
      {
        containers: containers('c/kms_sm:v6.3', 'c/consensus_bft:v6.3'),
        volumes: [dataVolume],
      },
    );
    const found = layout('python').read(
      { chain: 'test-chain', node: 'test-chain-3' },
      { workload: deployment, pvcs: new Map([claim('shared')]) },
    );
    expect(found).toMatchObject({
      ok: true,
      target: {
        workload: { kind: 'Deployment' },
        volumes: [{ claim: 'shared', subPath: 'test-chain-3' }],
        crypto: 'sm',
        consensus: 'bft',
        uid: 0,
      },
    });
  });

  it('helm: the chain is one StatefulSet, the node one folder; replicas are those of the chain', () => {
    const chart = workload(
      { kind: 'StatefulSet', name: 'test-chain' },
      { containers: [], volumes: [dataVolume] },
      { replicas: 4 },
    );
    const found = layout('helm').read(
      { chain: 'test-chain', node: 'test-chain-2' },
      { workload: chart, pvcs: new Map([claim('shared')]) },
    );
    expect(found).toMatchObject({
      ok: true,
      target: { workload: { name: 'test-chain' }, replicas: 4, volumes: [{ subPath: 'test-chain-2' }] },
    });
  });

  it("what the node said of its height is part of what it was; in the helm layout it is its own pod's word", () => {
    const found = layout('cloud-config').read(
      { chain: 'test-chain', node: 'test-chain-node0' },
      { workload: cloudConfig, pvcs: new Map([claim('datadir-test-chain-node0-0')]), height: 7 },
    );
    expect(found).toMatchObject({ target: { height: 7 } });
    const isPodOf = (method: 'cloud-config' | 'python' | 'helm', pod: string): boolean =>
      layout(method).isPodOf('c-1', pod);
    expect([isPodOf('cloud-config', 'c-1-0'), isPodOf('python', 'c-1-5d4f-x')]).toEqual([true, true]);
    expect([isPodOf('helm', 'c-1'), isPodOf('helm', 'c-0')]).toEqual([true, false]);
  });

  it.each([
    {
      because: 'no workload',
      method: 'cloud-config',
      node: 'test-chain-node0',
      object: undefined,
      reason: 'NodeMissing',
    },
    {
      because: 'another chain',
      method: 'cloud-config',
      node: 'test-chain-node0',
      object: {
        ...cloudConfig,
        metadata: { ...cloudConfig.metadata, labels: { 'app.kubernetes.io/chain-name': 'other' } },
      },
      reason: 'WrongChain',
    },
    {
      because: 'no PVC',
      method: 'python',
      node: 'x',
      object: workload({ kind: 'Deployment', name: 'x' }, { volumes: [] }),
      reason: 'ClaimMissing',
    },
    {
      because: 'not a pod of the release',
      method: 'helm',
      node: 'other-0',
      object: workload({ kind: 'StatefulSet', name: 'test-chain' }, { volumes: [dataVolume] }),
      reason: 'NodeMissing',
    },
    {
      because: 'no selector to find pods by',
      method: 'cloud-config',
      node: 'test-chain-node0',
      object: { ...cloudConfig, spec: {} },
      reason: 'NoSelector',
    },
  ] as const)('refuses: $because', ({ method, node, object, reason }) => {
    expect(
      layout(method).read(
        { chain: 'test-chain', node },
        { workload: object, pvcs: new Map([claim('datadir-test-chain-node0-0')]) },
      ),
    ).toMatchObject({ ok: false, reason });
  });
});

function tool(version: string): Tool {
  const found = toolOf(undefined, version);
  if ('refused' in found) throw new Error(found.message);
  return found;
}

describe('cloud-op', () => {
  const target = citaTarget('n0', { crypto: 'sm', consensus: 'raft' });
  const cc = layout('cloud-config');
  const py = layout('python');

  it.each([
    {
      because: '0.2, cloud-config',
      version: '0.2.4',
      paths: cc.paths('n0', '/mnt'),
      clean: false,
      want: 'recover 30 --node-root /mnt --config-path /cita-config/config.toml --crypto sm --consensus raft',
    },
    {
      because: '0.2, python, clean',
      version: '0.2.4',
      paths: py.paths('n0', '/mnt'),
      clean: true,
      want: 'recover 30 --node-root /mnt/n0 --config-path /mnt/n0/config.toml --crypto sm --consensus raft --is-clear',
    },
    {
      because: '0.3, cloud-config',
      version: '0.3.1',
      paths: cc.paths('n0', '/mnt'),
      clean: false,
      want: 'rollback 30 --node-root /mnt --config-path /cita-config/config.toml',
    },
    {
      because: '0.3, clean',
      version: '0.3.0',
      paths: py.paths('n0', '/mnt'),
      clean: true,
      want: 'rollback 30 --node-root /mnt/n0 --config-path /mnt/n0/config.toml --clean',
    },
  ])('rollback: $because', ({ version, paths, clean, want }) => {
    expect(rollbackArgs({ tool: tool(version), target, height: 30, paths, clean })).toEqual(want.split(' '));
  });

  it.each([
    {
      version: '0.2.4',
      want: 'state-backup 30 --node-root /backup-source --config-path /cita-config/config.toml --backup-path /backup-dest --crypto sm --consensus raft',
    },
    {
      version: '0.3.1',
      want: 'backup 30 --node-root /backup-source --config-path /cita-config/config.toml --path /backup-dest',
    },
  ])('snapshot with $version', ({ version, want }) => {
    expect(
      snapshotArgs(
        { tool: tool(version), target, height: 30, paths: cc.paths('n0', '/backup-source') },
        '/backup-dest',
      ),
    ).toEqual(want.split(' '));
  });

  it('reads a state back with the older verbs only', () => {
    const request = { target, height: 30, paths: cc.paths('n0', '/restore-dest') };
    const want =
      'state-recover 30 --node-root /restore-dest --config-path /cita-config/config.toml --backup-path /restore-source --crypto sm --consensus raft';
    expect(recoverArgs({ ...request, tool: tool('0.2.3') }, '/restore-source')).toEqual(want.split(' '));
    expect(recoverArgs({ ...request, tool: tool('0.3.1') }, '/restore-source')).toMatchObject({ reason: 'ToolTooNew' });
  });

  it.each([
    { because: '0.2.3 has no --is-clear', version: '0.2.3', consensus: 'raft', clean: true, reason: 'ToolTooOld' },
    { because: '0.2.5 panics on bft', version: '0.2.5', consensus: 'bft', clean: false, reason: 'ToolTooNew' },
    {
      because: 'an unknown consensus is never passed as ""',
      version: '0.2.4',
      consensus: undefined,
      clean: false,
      reason: 'UnknownConsensus',
    },
  ] as const)('refuses: $because', ({ version, consensus, clean, reason }) => {
    const { consensus: _consensus, ...rest } = target;
    const changed = consensus === undefined ? rest : { ...rest, consensus };
    expect(
      rollbackArgs({ tool: tool(version), target: changed, height: 1, paths: cc.paths('n0', '/mnt'), clean }),
    ).toMatchObject({ refused: true, reason });
  });

  it.each([
    { image: undefined, version: [0, 3, 1] },
    { image: 'registry.devops.rivtower.com/cita-cloud/cita-node-job:v0.0.2', version: [0, 2, 3] },
    { image: 'citacloud/cita-node-job:v0.0.8', version: [0, 2, 4] },
    { image: 'example.com:5000/citacloud/cloud-op:v0.3.0@sha256:abc', version: [0, 3, 0] },
    { image: 'citacloud/cita-node-job:latest', version: undefined },
    { image: 'example.com/my-tools:v0.3.1', version: undefined },
  ])('$image holds cloud-op $version', ({ image, version }) => {
    const found = toolOf(image, undefined);
    expect('refused' in found ? undefined : found.version).toEqual(version);
  });
});
