// Every example as the objects that would be applied, and what must hold for all of them.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import type { KubeObject } from '../../src/api/objects.ts';
import { renderNode } from '../../src/render/render-node.ts';
import { example, examples, nodeWith } from '../chains/examples.ts';

interface Pod {
  readonly automountServiceAccountToken: unknown;
  readonly enableServiceLinks: unknown;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Record<string, unknown>;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly [source: string]: unknown }[];
}
interface Container {
  readonly name: string;
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly securityContext: Record<string, unknown>;
  readonly [field: string]: unknown;
}
interface SetSpec {
  readonly replicas: number;
  readonly selector: { readonly matchLabels: Record<string, string> };
  readonly template: {
    readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
    readonly spec: Pod;
  };
  readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
}

function statefulSetOf(objects: readonly KubeObject[]): SetSpec {
  const found = objects.find((object) => object.kind === 'StatefulSet');
  return found?.['spec'] as SetSpec;
}

describe.each(examples)('$name', ({ name, node, chain }) => {
  const { objects, problems } = renderNode(node, chain, { running: true });
  const set = statefulSetOf(objects);
  const pod = set.template.spec;
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];

  it('renders to the golden file', async () => {
    const text = objects
      .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
      .join('---\n');
    await expect(text, 'Run `npm run generate` and read the changes').toMatchFileSnapshot(
      `../golden/render/${name}.yaml`,
    );
  });

  it('renders without problems, twice the same', () => {
    expect(problems).toEqual([]);
    expect(JSON.stringify(renderNode(node, chain, { running: true }).objects)).toBe(JSON.stringify(objects));
  });

  it('has the documented names and labels', () => {
    const refs = objects.map((object) => `${object.kind}/${object.metadata.name}`);
    const nodeName = node.metadata.name;
    expect(refs).toEqual(
      expect.arrayContaining([`ConfigMap/${nodeName}`, `StatefulSet/${nodeName}`, `Service/${nodeName}`]),
    );
    expect(new Set(refs).size).toBe(refs.length);
    for (const { metadata } of objects) {
      expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
      expect(metadata.namespace).toBe(node.metadata.namespace);
      expect(metadata.labels?.['novacula.com/node']).toBe(nodeName);
      for (const value of Object.values(metadata.labels ?? {}))
        expect(value).toMatch(/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/);
    }
    expect(pod.containers.slice(0, Object.keys(node.spec.clients).length).map((one) => one.name)).toEqual(
      Object.keys(node.spec.clients),
    );
  });

  it('selects its own pod', () => {
    expect(set.template.metadata.labels).toMatchObject(set.selector.matchLabels);
    expect(set.selector.matchLabels['novacula.com/node']).toBe(node.metadata.name);
  });

  it('fits the Pod Security Standard "restricted"', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.securityContext['runAsUser']).toBeGreaterThan(0);
    for (const { securityContext } of containers) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        runAsNonRoot: true,
      });
      expect(securityContext['privileged']).toBeUndefined();
    }
    for (const volume of pod.volumes) {
      expect(['configMap', 'secret', 'emptyDir']).toContain(Object.keys(volume).find((key) => key !== 'name'));
    }
  });

  it('gives the pod no token, no service variables, and time to stop', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.enableServiceLinks).toBe(false);
    expect(pod.terminationGracePeriodSeconds, 'A client writes its database when it stops').toBeGreaterThanOrEqual(120);
  });

  it('mounts only volumes it has, under names that are unique', () => {
    const names = [...pod.volumes.map((one) => one.name), ...set.volumeClaimTemplates.map((one) => one.metadata.name)];
    expect(new Set(names).size).toBe(names.length);
    for (const volume of names) expect(volume.length).toBeLessThanOrEqual(63);
    for (const mount of containers.flatMap((one) => one.volumeMounts ?? [])) expect(names).toContain(mount.name);
  });
});

describe('renderNode', () => {
  it('runs no pod for a node that is stopped or held', () => {
    const { node, chain } = example('cosmos-dev');
    expect(statefulSetOf(renderNode(node, chain, { running: false }).objects).replicas).toBe(0);
    expect(statefulSetOf(renderNode(node, chain, { running: true }).objects).replicas).toBe(1);
  });

  it('restarts the pod when the configuration or restartGeneration changes, and only then', () => {
    const { chain } = example('bitcoin-mainnet');
    const template = (fields: Record<string, unknown>): string =>
      JSON.stringify(
        statefulSetOf(renderNode(nodeWith('bitcoin-mainnet', fields), chain, { running: true }).objects).template,
      );
    const before = template({});
    expect(template({ config: { 'bitcoin.conf': { dbcache: '4096', txindex: '1' } } })).not.toBe(before);
    expect(template({ restartGeneration: 1 })).not.toBe(before);
    expect(template({ storage: { data: { size: '900Gi' } } })).toBe(before);
    expect(template({ serviceType: 'NodePort' })).toBe(before);
  });

  it('lengthens the grace period but never shortens it', () => {
    const { chain } = example('bitcoin-mainnet');
    const grace = (seconds: number): number =>
      statefulSetOf(
        renderNode(nodeWith('bitcoin-mainnet', { terminationGracePeriodSeconds: seconds }), chain, { running: true })
          .objects,
      ).template.spec.terminationGracePeriodSeconds;
    expect([grace(10), grace(1200)]).toEqual([600, 1200]);
  });

  it('refers to its owner when that exists', () => {
    const { node, chain } = example('ethereum-everything');
    for (const { metadata } of renderNode(node, chain, { running: true }).objects) {
      expect(metadata.ownerReferences).toEqual([
        {
          apiVersion: 'validatoros.com/v1alpha1',
          kind: 'BlockchainNode',
          name: 'eth-everything',
          uid: node.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
  });

  it('offers peers the port they are given, and RPC only inside the cluster', () => {
    const { node, chain } = example('ethereum-everything');
    const { objects } = renderNode(node, chain, { running: true });
    const outside = objects.filter((one) => (one['spec'] as { type?: string } | undefined)?.type === 'NodePort');
    const ports = outside.flatMap((one) => (one['spec'] as { ports: { name: string; nodePort?: number }[] }).ports);
    expect(ports.map(({ name, nodePort }) => [name, nodePort])).toEqual([
      ['el-p2p-tcp', 30_500],
      ['el-p2p-udp', 30_500],
      ['cl-p2p-tcp', 30_501],
      ['cl-p2p-udp', 30_501],
    ]);
  });

  it('keeps a dollar sign as it was written', () => {
    const { node, chain } = example('ethereum-everything');
    const [, cl] = statefulSetOf(renderNode(node, chain, { running: true }).objects).template.spec.containers;
    expect(cl?.['env']).toContainEqual({ name: 'LABEL', value: 'x=$$(HOME)' });
  });
});
