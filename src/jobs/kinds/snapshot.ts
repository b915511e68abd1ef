// Snapshot: the state of a node at a height, by the client's own export where it has one, else by stopping and copying.

import { z } from 'zod';

import { Name, Quantity } from '../../api/fields.ts';
import { Destination, Height, IMMUTABLE, jobFields, toolVersion } from '../../api/job.ts';
import type { JobTarget, JobTask } from '../../api/job-status.ts';
import { checkDestination, judgeCopy, placeOf, planCopy } from './backup.ts';
import { BACKUP_FOLDER } from './copy-pods.ts';
import { AGE, BYTES, HEIGHT, MESSAGE, NODE, PHASE } from './columns.ts';
import { stopAndStart } from './effect-text.ts';
import { defineJobKind, type JobView, type Preflight, type Verdict, type TaskPlan } from '../model/job-kind.ts';
import { isNew, snapshotArgs, STATE_FOLDER } from '../layouts/cloud-op.ts';
import { originOf } from '../task/pod-parts.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { resultPvc } from '../task/result-pvc.ts';
import { noSnapshots } from './volume-snapshots.ts';
import { cloudOpPlace, cloudOpPod, commandPod } from '../task/program-pods.ts';

const Spec = z
  .strictObject({
    ...jobFields,
    node: Name.describe('The node to take the state of.'),
    blockHeight: Height.describe('The height to take the state at. The result names the height that was proven.'),
    storageClass: Name.optional().describe("Class of the new PVC; default: the node's own."),
    pvcSize: Quantity.optional().describe("Size of the new PVC; default: the node's own."),
    destination: Destination.optional().describe(
      'Default: a new PVC in the namespace of the node. Only for chains whose Snapshots copy the stopped node.',
    ),
    toolVersion,
  })
  .meta(IMMUTABLE);
type Spec = z.infer<typeof Spec>;

export const snapshot = defineJobKind({
  kind: 'Snapshot',
  shortNames: ['snap'],
  title: 'Snapshot',
  summary:
    'Takes the state of a node at a height and keeps it on a new PVC or, as a copy, in object storage or CSI VolumeSnapshots.',
  spec: Spec,
  example: { node: 'a', blockHeight: 30 },
  printerColumns: [NODE, PHASE, HEIGHT, BYTES, MESSAGE, AGE],
  methods: { managed: true, 'cloud-config': true, python: true, helm: true },
  open: (spec) => ({
    common: spec,
    nodes: [spec.node],
    effect: (stopped) =>
      `at height ${spec.blockHeight}, ${stopAndStart([spec.node], `keeps its state on ${placeOf(spec)}`, stopped)}`,
    action: 'StopAndStart',
    whileRunning: { refused: 'a snapshot is of a stopped node' },
    startProof: 'started',
    repairs: false,
    stops: () => true,
    check: () => checkDestination(spec, spec.deployMethod),
    preflight: (view) => preflight(spec, view),
    plan: (view) => plan(spec, view),
    judge: (view, [task]) => judge(spec, view, task),
  }),
});

function preflight(spec: Spec, view: JobView): Preflight {
  const planned = plan(spec, view);
  // What the node cannot do comes first: another cluster would not change it.
  const refused = 'refused' in planned ? planned : noSnapshots(view);
  if (refused !== undefined) return { go: false, refuse: refused };
  const [target] = view.targets;
  const { health } = view.observed.targets.get(spec.node) ?? {};
  if (target?.wasRunning !== true || health?.height === undefined) return { go: true };
  // An export needs a block above the height; a copy is taken when the height is there.
  const needed = exports(view) ? spec.blockHeight + 1 : spec.blockHeight;
  if (health.height >= needed) return { go: true };
  return { go: false, wait: `waits until ${spec.node} has reached height ${needed}` };
}

function exports({ targets: [target], observed }: JobView): boolean {
  if (target?.deployMethod !== 'managed') return true;
  return observed.targets.get(target.node)?.answers?.snapshot?.how === 'command';
}

function plan(spec: Spec, view: JobView): TaskPlan | Refusal {
  const [target] = view.targets;
  if (target === undefined) throw new Error('a snapshot needs a target');
  if (target.deployMethod !== 'managed') return refuseDestination(spec, target) ?? planCloudOp(spec, view, target);
  const how = view.observed.targets.get(target.node)?.answers?.snapshot;
  if (how === undefined) return refuse('NodeMissing', `the chain of ${target.node} is not known any more`);
  switch (how.how) {
    case 'refused':
      return refuse('NotSupported', how.reason);
    case 'copy':
      return planCopy(view, spec, spec);
    case 'command':
      return refuseDestination(spec, target) ?? planExport(spec, view, { target, how });
    default:
      return refuse('NotSupported', `the chain of ${target.node} offers no export of a stopped node`);
  }
}

function refuseDestination({ destination }: Spec, { node }: JobTarget): Refusal | undefined {
  if (destination === undefined) return undefined;
  return refuse(
    'NotSupported',
    `a Snapshot of ${node} is an export, which needs a PVC. Take out spec.destination, or file a Backup`,
  );
}

function planExport(
  spec: Spec,
  view: JobView,
  { target, how }: { target: JobTarget; how: Parameters<typeof commandPod>[0] },
): TaskPlan | Refusal {
  const result = resultPvc({ job: view.job, target, storageClass: spec.storageClass, size: spec.pvcSize });
  if ('refused' in result) return result;
  const { pvc } = result;
  const origin = originOf(view, target, { live: false, height: spec.blockHeight });
  const pod = commandPod(how, {
    target,
    common: spec,
    parameters: { verb: 'seal', volume: dataVolume(target), at: `/result/${BACKUP_FOLDER}`, origin },
    result: pvc.metadata.name,
  });
  return { do: 'pods', pvc, pods: [{ ...pod, unsafeWhenUnclear: false }] };
}

function planCloudOp(spec: Spec, view: JobView, target: JobTarget): TaskPlan | Refusal {
  const result = resultPvc({ job: view.job, target, storageClass: spec.storageClass, size: spec.pvcSize });
  if ('refused' in result) return result;
  const { pvc } = result;
  const place = cloudOpPlace(target, spec, '/backup-source');
  if ('refused' in place) return place;
  const dest = isNew(place.tool) ? '/backup-dest' : `/backup-dest/${STATE_FOLDER}`;
  const args = snapshotArgs({ ...place, target, height: spec.blockHeight }, dest);
  if ('refused' in args) return args;
  const origin = originOf(view, target, { live: false, height: spec.blockHeight });
  const at = isNew(place.tool) ? `${dest}/${spec.blockHeight}` : dest;
  const pod = cloudOpPod({
    target,
    common: spec,
    place,
    args,
    parameters: { verb: 'seal', volume: dataVolume(target), at, origin },
    other: { pvc: pvc.metadata.name, path: '/backup-dest', readOnly: false },
    reads: true,
  });
  return { do: 'pods', pvc, pods: [pod] };
}

/** An export is restored to the node's first volume. */
function dataVolume({ volumes }: JobTarget): string {
  return volumes[0]?.name ?? 'data';
}

function judge(spec: Spec, view: JobView, task: JobTask | undefined): Verdict {
  const verdict = judgeCopy(view, task);
  if (!verdict.ok || !exports(view)) return verdict;
  const [target] = view.targets;
  const place = target === undefined ? undefined : cloudOpPlace(target, spec, '/');
  return {
    ...verdict,
    height: task?.height ?? spec.blockHeight,
    message: `the state at height ${spec.blockHeight} is exported`,
    ...(place === undefined || 'refused' in place ? {} : { format: place.tool.version.join('.') }),
  };
}
