// Volumes that exist: growth is carried out, everything else is held.

import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { pvcNames } from '../../src/render/names.ts';
import { renderNode } from '../../src/render/render-node.ts';
import { planVolumes, withLiveTemplates } from '../../src/render/volumes.ts';
import { example, nodeWith } from '../chains/examples.ts';

const claim = (size: string, fields: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-btc-0-0', namespace: 'novacula-system' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'slow',
    resources: { requests: { storage: size } },
    ...fields,
  },
});

describe('planVolumes', () => {
  const rows = [
    { because: 'same number, other words', wanted: { size: '1024Gi' }, live: '1Ti', growths: [], holds: [] },
    {
      because: 'larger grows',
      wanted: { size: '1Ti' },
      live: '800Gi',
      growths: [{ volume: 'data', pvc: 'data-btc-0-0', from: '800Gi', to: '1Ti' }],
      holds: [],
    },
    {
      because: 'a PVC that was grown outside Git stays',
      wanted: { size: '100Gi' },
      live: '800Gi',
      growths: [],
      holds: [],
    },
    {
      because: 'another class is held, the growth is carried out',
      wanted: { size: '900Gi', storageClass: 'fast' },
      live: '800Gi',
      growths: [{ volume: 'data', pvc: 'data-btc-0-0', from: '800Gi', to: '900Gi' }],
      holds: ['VolumeClassChange'],
    },
    {
      because: 'another access mode is held',
      wanted: { size: '800Gi', accessMode: 'ReadWriteMany' },
      live: '800Gi',
      growths: [],
      holds: ['VolumeAccessModeChange'],
    },
  ];
  it.each(rows)('$because', ({ wanted, live, growths, holds }) => {
    const plan = planVolumes(nodeWith('bitcoin-mainnet', { storage: { data: wanted } }), [claim(live)], undefined);
    expect(plan.growths).toEqual(growths);
    expect(plan.holds.map((hold) => hold.reason)).toEqual(holds);
  });

  it('does nothing about claims that do not exist yet', () => {
    expect(planVolumes(example('bitcoin-mainnet').node, [], undefined)).toEqual({ growths: [], holds: [] });
  });

  it('holds a volume that the running StatefulSet does not have', () => {
    const { node, chain } = example('bitcoin-mainnet');
    const live = renderNode(node, chain, { running: true }).objects.find((object) => object.kind === 'StatefulSet');
    const more = nodeWith('bitcoin-mainnet', { storage: { ...node.spec.storage, extra: { size: '1Gi' } } });
    expect(planVolumes(more, [], live).holds).toMatchObject([{ volume: 'extra', reason: 'VolumeAdded' }]);
  });
});

describe('withLiveTemplates', () => {
  it('keeps what can not be changed and takes the rest', () => {
    const { node, chain } = example('bitcoin-mainnet');
    const setOf = (running: boolean, fields: Record<string, unknown>): KubeObject => {
      const { objects } = renderNode({ ...node, spec: { ...node.spec, ...fields } }, chain, { running });
      const found = objects.find((object) => object.kind === 'StatefulSet');
      if (found === undefined) throw new Error('no StatefulSet');
      return found;
    };
    const live = setOf(true, {});
    const wanted = setOf(false, { storage: { data: { size: '900Gi' } } });
    expect(withLiveTemplates(wanted, live)).toEqual(setOf(false, {}));
    expect(withLiveTemplates(wanted, undefined)).toBe(wanted);
  });
});

describe('pvcNames', () => {
  it('names PVCs as the StatefulSet controller does', () => {
    expect(pvcNames(example('ethereum-everything').node)).toEqual([
      { volume: 'el', pvc: 'el-eth-everything-0' },
      { volume: 'cl', pvc: 'cl-eth-everything-0' },
    ]);
  });
});
