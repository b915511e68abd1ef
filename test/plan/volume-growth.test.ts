// What a plan says of the size of a volume: by the PVC, where that is known, for the spec in the cluster may have the size already.

import { expect, it } from 'vitest';

import { planNodes } from '../../src/plan/plan.ts';
import { liveVolumes } from '../../src/render/live-volumes.ts';
import { workloadOf } from '../../src/render/workload.ts';
import { aNode, applied, scene } from '../support/plan-scene.ts';

const sized = (size: string, more: object = {}) => aNode('a', { storage: { data: { size } }, ...more });

function volumeLines(sizes: {
  /** Undefined: there is no node yet. */
  readonly spec: string | undefined;
  readonly file: string;
  readonly pvc?: string;
}): readonly string[] {
  const declared = sized(sizes.file, { restartGeneration: 2 });
  const pvc = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-a-0', namespace: 'ns', uid: 'u1' },
    spec: { resources: { requests: { storage: sizes.pvc } } },
  };
  const live = sizes.pvc === undefined ? undefined : liveVolumes(declared, [pvc]);
  const volumes = new Map([['ns/a', { record: undefined, live }]]);
  const input = scene({
    declared: [declared],
    live: sizes.spec === undefined ? [] : [applied(sized(sizes.spec))],
    facts: { volumes },
  });
  const { actions } = planNodes({ ...input, workloadOf, describesPods: true });
  return actions.flatMap(({ consequences = [] }) => consequences.filter((line) => line.startsWith('the volume')));
}

it.each([
  { because: 'the PVC is smaller', spec: '25Gi', file: '25Gi', pvc: '20Gi', says: 'grows from 20Gi to 25Gi' },
  { because: 'both are smaller', spec: '20Gi', file: '25Gi', pvc: '20Gi', says: 'grows from 20Gi to 25Gi' },
  { because: 'the cluster is not known', spec: '20Gi', file: '25Gi', says: 'grows from 20Gi to 25Gi' },
  { because: 'both are larger', spec: '30Gi', file: '25Gi', pvc: '30Gi', says: 'would shrink from 30Gi to 25Gi' },
])('names the change when $because', ({ says, ...sizes }) => {
  expect(volumeLines(sizes)).toEqual([`the volume data ${says} (PVC data-a-0)`]);
});

it.each([
  { because: 'the PVC has the size', spec: '30Gi', file: '25Gi', pvc: '25Gi' },
  { because: 'the PVC is larger, as it was', spec: '25Gi', file: '25Gi', pvc: '30Gi' },
  { because: 'nothing changes', spec: '25Gi', file: '25Gi' },
])('says nothing when $because', (sizes) => {
  expect(volumeLines(sizes)).toEqual([]);
});

const STAYS =
  'the PVC data-a-0 keeps its 30Gi, because Kubernetes cannot make a volume smaller; write 30Gi into the file instead of 25Gi, or restore a Backup into a new node with a smaller volume';

it('says that nothing is done, why, and what to do, when the PVC is larger than the new size', () => {
  expect(volumeLines({ spec: '20Gi', file: '25Gi', pvc: '30Gi' })).toEqual([
    `the volume data does not change: ${STAYS}`,
  ]);
});

it('says so of a new node as well that finds a larger PVC', () => {
  expect(volumeLines({ spec: undefined, file: '25Gi', pvc: '30Gi' })).toEqual([
    `the volume data uses the existing PVC data-a-0 with its data; ${STAYS}`,
  ]);
  expect(volumeLines({ spec: undefined, file: '25Gi', pvc: '25Gi' })).toEqual([
    'the volume data uses the existing PVC data-a-0 with its data',
  ]);
});
