// A volume whose class does not let it grow: the larger size is not applied, because the object would never take it back.

import { expect, it } from 'vitest';

import { classFacts } from '../../src/cli/plan/classes.ts';
import { findFixedClasses } from '../../src/controller/fleet/fixed-classes.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, inWords, scene } from '../support/plan-scene.ts';

const sized = (size: string, storageClass = 'fixed') => aNode('a', { storage: { data: { size, storageClass } } });

interface Given {
  /** In the object of the cluster. */
  readonly from: string;
  /** In the file. */
  readonly to: string;
  readonly pvc?: string;
  readonly fixed?: readonly string[];
}

function planOf({ from, to, pvc = '1Gi', fixed = ['fixed'] }: Given) {
  const live = [{ name: 'data', pvc: 'data-a-0', uid: 'u1', size: pvc, storageClass: 'fixed' }];
  const facts = { volumes: new Map([['ns/a', { record: undefined, live }]]), fixedClasses: new Set(fixed) };
  return planNodes(scene({ declared: [sized(to)], live: [applied(sized(from))], facts })).actions;
}

it.each<Given & { readonly because: string; readonly plan: string }>([
  { because: 'a larger size', from: '1Gi', to: '2Gi', plan: 'update a VolumeCannotGrow' },
  { because: 'a size that the PVC has already', from: '1Gi', to: '2Gi', pvc: '2Gi', plan: 'update a' },
  { because: 'a larger size of another class', from: '1Gi', to: '2Gi', fixed: ['other'], plan: 'update a' },
  { because: 'the way back', from: '2Gi', to: '1Gi', plan: 'update a VolumeShrink' },
])('$because: $plan', ({ plan, ...given }) => {
  expect(inWords(planOf(given))).toEqual([plan]);
});

it('says how to go back from a size that the PVC never had', () => {
  expect(planOf({ from: '4Gi', to: '1Gi' })[0]?.hold).toMatchObject({
    message: 'volume data: it has 1Gi and did not grow to 4Gi, and the API server accepts no smaller size than 4Gi for this object',
    release: 'Keep 1Gi in nodes/a.yaml, and delete the object (kubectl -n ns delete blockchainnode a): it is created again with 1Gi, its pod restarts, and its volumes stay.',
  });
  expect(planOf({ from: '4Gi', to: '1Gi', pvc: '4Gi' })[0]?.hold?.message).toContain('cannot shrink to 1Gi');
}); // prettier-ignore

function classesOf(growTo: string) {
  let reads = 0;
  const view = (name: string, expandable: boolean) => {
    return { name, expandable, provisioner: 'p', isDefault: false, bindingMode: 'Immediate' };
  };
  const capabilities = {
    current: { chains: [], features: [], storageClasses: [view('fixed', false), view('grows', true)] },
    async refresh() {
      reads += 1;
    },
  };
  const live = applied(sized('1Gi'));
  const nodes = { get: (key: string) => (key === 'ns/a' ? live : undefined) };
  const { desired } = scene({ declared: [sized(growTo), aNode('new')] });
  const found = findFixedClasses({ desired: desired as never }, {
    capabilities,
    settings: { executor: 'demo' },
    watches: { nodes },
  } as never);
  return { found, reads: () => reads };
}

it('reads the classes only where a volume is to grow', async () => {
  const grows = classesOf('2Gi');
  expect([...(await grows.found)]).toEqual(['fixed']);
  expect(grows.reads()).toBe(1);
  const stays = classesOf('1Gi');
  expect([...(await stays.found)]).toEqual([]);
  expect(stays.reads()).toBe(0);
});

it('a plan against a cluster names the class that a new node waits for', async () => {
  const storageClass = (name: string, allowVolumeExpansion: boolean) => {
    return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, allowVolumeExpansion };
  };
  const list = async () => [storageClass('fixed', false), storageClass('grows', true)];
  const node = sized('1Gi', 'nowhere');
  const nodes = new Map([['ns/a', { node, file: 'nodes/a.yaml', contributors: [], line: 3 }]]);
  const facts = await classFacts({ nodes }, [], { list });
  expect([...facts.fixedClasses]).toEqual(['fixed']);
  expect(facts.problems).toMatchObject([
    { level: 'warning', code: 'OutsideCapabilities', file: 'nodes/a.yaml', line: 3, message: expect.stringContaining('no StorageClass nowhere for the volume data') },
  ]);
  expect((await classFacts({ nodes }, [node], { list })).problems).toEqual([]);
}); // prettier-ignore
