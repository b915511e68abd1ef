// What a plan says of the volumes of a node that is stopped: its StatefulSet makes none without a pod.

import { expect, it } from 'vitest';

import type { KnownVolumes } from '../../src/api/node-volumes.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { workloadOf } from '../../src/render/workload.ts';
import { aNode, applied, scene } from '../support/plan-scene.ts';

type State = 'Running' | 'Stopped';
const node = (desiredState: State, more: object = {}) =>
  aNode('a', { storage: { data: { size: '1Gi' } }, desiredState, ...more });

interface Given {
  readonly before?: ReturnType<typeof node>;
  readonly after: ReturnType<typeof node>;
  readonly live: KnownVolumes['live'];
}

function volumeLines({ before, after, live }: Given): readonly string[] {
  const facts = { volumes: new Map([['ns/a', { record: undefined, live }]]) };
  const input = scene({ declared: [after], live: before === undefined ? [] : [applied(before)], facts });
  const { actions } = planNodes({ ...input, workloadOf, describesPods: true });
  return actions.flatMap(({ consequences = [] }) => consequences.filter((line) => line.startsWith('the volume')));
}

const HAD = [{ name: 'data', pvc: 'data-a-0', uid: 'u1' }];
const NONE = 'the volume data gets no PVC until the node runs or a Restore fills it (data-a-0, 1Gi)';
const ANCIENT = { storage: { data: { size: '1Gi' }, ancient: { size: '2Gi' } } };

it.each<Given & { readonly because: string; readonly says: readonly string[] }>([
  { because: 'new and stopped', after: node('Stopped'), live: [], says: [NONE] },
  { because: 'new and stopped, on volumes that were left', after: node('Stopped'), live: HAD, says: ['the volume data uses the existing PVC data-a-0 with its data'] },
  { because: 'new and stopped in a cluster that is not known', after: node('Stopped'), live: undefined, says: ['the volume data uses the PVC data-a-0 if it exists; otherwise it gets none until the node runs or a Restore fills it (1Gi)'] },
  { because: 'new', after: node('Running'), live: [], says: ['the volume data is new and empty (PVC data-a-0, 1Gi)'] },
  { because: 'new in a cluster that is not known', after: node('Running'), live: undefined, says: ['the volume data uses the PVC data-a-0 if it exists; otherwise it is new (1Gi)'] },
  { because: 'stopped, with one more volume', before: node('Stopped'), after: node('Stopped', ANCIENT), live: HAD, says: ['the volume ancient gets no PVC until the node runs or a Restore fills it (ancient-a-0, 2Gi)'] },
  { because: 'started for the first time', before: node('Stopped'), after: node('Running'), live: [], says: ['the volume data is new and empty (PVC data-a-0, 1Gi)'] },
  { because: 'started again', before: node('Stopped'), after: node('Running'), live: HAD, says: [] },
  { because: 'started in a cluster that is not known', before: node('Stopped'), after: node('Running'), live: undefined, says: [] },
])('of a node that is $because: $says', ({ says, ...given }) => {
  expect(volumeLines(given)).toEqual(says);
}); // prettier-ignore
