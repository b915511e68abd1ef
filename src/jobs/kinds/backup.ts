// Backup: copies every volume of a node to a new PVC, with a manifest that proves what was copied.

import { z } from 'zod';

import { Name, Quantity } from '../../api/fields.ts';
import { Destination, IMMUTABLE, JobAction, jobFields } from '../../api/job.ts';
import type { JobTarget, JobTask } from '../../api/job-status.ts';
import { errorAt, type SpecProblem, warningAt } from '../../api/spec-problem.ts';
import { defined } from '../../lib/defined.ts';
import { AGE, BYTES, HEIGHT, MESSAGE, NODE, PHASE } from './columns.ts';
import { nodeOf } from './check-nodes.ts';
import { byAction } from './effect-text.ts';
import { defineJobKind, type CommonSpec, type JobView, type Verdict, type TaskPlan } from '../model/job-kind.ts';
import { copyPod, describePod, uploadPod } from './copy-pods.ts';
import { storedCopy } from './object-storage.ts';
import { listOf } from '../model/scope.ts';
import type { Refusal } from '../model/refusal.ts';
import { resultPvc } from '../task/result-pvc.ts';
import { noSnapshots, volumeSnapshots } from './volume-snapshots.ts';

const Spec = z
  .strictObject({
    ...jobFields,
    node: Name.describe('The node to back up.'),
    action: JobAction.default('StopAndStart').describe(
      '`Direct` copies without stopping the node: from a running node that is not proven consistent.',
    ),
    storageClass: Name.optional().describe("Class of the new PVC; default: the node's own."),
    pvcSize: Quantity.optional().describe("Size of the new PVC; default: the node's own."),
    destination: Destination.optional().describe('Default: a new PVC in the namespace of the node.'),
  })
  .meta(IMMUTABLE);

export const backup = defineJobKind({
  kind: 'Backup',
  shortNames: ['bak'],
  title: 'Backup',
  summary:
    'Copies every volume of a node to a new PVC, to object storage or to CSI VolumeSnapshots, where it outlives the request, with a checksum of every file.',
  spec: Spec,
  example: { node: 'a' },
  printerColumns: [NODE, PHASE, HEIGHT, BYTES, MESSAGE, AGE],
  methods: { managed: true, 'cloud-config': true, python: true, helm: true },
  open: (spec) => ({
    common: spec,
    nodes: [spec.node],
    effect: (stopped) =>
      byAction(
        spec,
        {
          running: `copies the volumes of ${spec.node} to ${placeOf(spec)} without stopping it`,
          stopped: `copies its volumes to ${placeOf(spec)}`,
        },
        stopped,
      ),
    action: spec.action,
    whileRunning:
      spec.destination === undefined
        ? 'works, unproven'
        : {
            refused: `a backup in ${placeOf(spec)} is of a stopped node: its manifest and its snapshot are made one after the other`,
          },
    startProof: 'started',
    repairs: false,
    stops: () => true,
    check: (context) => [
      ...checkDestination(spec, spec.deployMethod),
      ...(spec.action === 'Direct' && nodeOf(spec, spec.node, context)?.spec.desiredState !== 'Stopped'
        ? [
            warningAt(
              'LiveCopy',
              ['spec', 'action'],
              'copies a running node without stopping it: databases copied so may not open. Use StopAndStart, or stop the node first',
            ),
          ]
        : []),
    ],
    preflight: (view) => {
      const planned = noSnapshots(view) ?? planCopy(view, spec, spec);
      return 'refused' in planned ? { go: false, refuse: planned } : { go: true };
    },
    plan: (view) => planCopy(view, spec, spec),
    judge: (view, [task]) => judgeCopy(view, task),
  }),
});

interface CopyOptions {
  readonly destination?: Destination | undefined;
  readonly storageClass?: string | undefined;
  readonly pvcSize?: string | undefined;
  readonly action?: 'StopAndStart' | 'Direct';
}

/** A new PVC, and a pod that copies the first target's volumes there. Also what a Snapshot by copying does. */
export function planCopy(view: JobView, common: CommonSpec, options: CopyOptions): TaskPlan | Refusal {
  const [target] = view.targets;
  if (target === undefined) throw new Error('a copy needs a target');
  if (options.destination?.volumeSnapshot !== undefined)
    return {
      do: 'pods',
      made: volumeSnapshots(view.job, target, options.destination.volumeSnapshot),
      pods: [describePod({ view, target, common })],
    };
  if (options.destination !== undefined) {
    const pod = uploadPod({ view, target, common });
    return 'refused' in pod ? pod : { do: 'pods', pods: [pod] };
  }
  const result = resultPvc({ job: view.job, target, storageClass: options.storageClass, size: options.pvcSize });
  if ('refused' in result) return result;
  const { pvc } = result;
  return { do: 'pods', pvc, pods: [copyPod({ view, target, common, to: pvc.metadata.name, action: options.action })] };
}

/** A PVC of its own has a class and a size; what spec.destination names has neither. */
export function checkDestination(spec: CopyOptions, deployMethod: string): SpecProblem[] {
  const { destination } = spec;
  if (destination === undefined) return [];
  const problems = (['storageClass', 'pvcSize'] as const).flatMap((field) =>
    spec[field] === undefined
      ? []
      : [errorAt('NotSupported', ['spec', field], 'is of a PVC, and spec.destination makes none; take it out')],
  );
  if ((destination.objectStorage === undefined) === (destination.volumeSnapshot === undefined))
    problems.push(errorAt('OneOf', ['spec', 'destination'], 'give exactly one of objectStorage and volumeSnapshot'));
  if (destination.volumeSnapshot !== undefined && deployMethod !== 'managed')
    problems.push(errorAt('NotSupported', ['spec', 'destination', 'volumeSnapshot'], ONLY_MANAGED));
  return problems;
}

const ONLY_MANAGED = 'is for managed nodes: nodes of other tools may share a volume; use a PVC';

/** For messages. */
export function placeOf({ destination }: CopyOptions): string {
  if (destination === undefined) return 'a new PVC';
  const { objectStorage } = destination;
  return objectStorage === undefined ? 'CSI VolumeSnapshots' : `the location ${objectStorage.name}`;
}

/** A copy is proven by its manifest: without one there is no backup. */
export function judgeCopy(
  view: JobView,
  task: Pick<JobTask, 'manifestSha256' | 'bytes' | 'files' | 'snapshotId' | 'bytesAdded'> | undefined,
): Verdict {
  const {
    targets: [target],
    live,
  } = view;
  if (task?.manifestSha256 === undefined) return WITHOUT_MANIFEST;
  const { files = 0, bytes = 0 } = task;
  if (files <= 0 || bytes <= 0) return emptyCopy(target, { files, bytes });
  const message = live
    ? 'copied while the node was running: every file is whole, but the databases are not proven to be consistent'
    : messageOf(view);
  return { ok: true, message, ...defined({ height: target?.height, stored: storedCopy(view, task) }) };
}

function messageOf({ observed: { made } }: JobView): string {
  const snapshots = [...(made ?? [])].flatMap(([name, { kind }]) => (kind === 'VolumeSnapshot' ? [name] : []));
  return snapshots.length === 0
    ? 'copied, and every file is in the manifest'
    : `made VolumeSnapshot ${listOf(snapshots)}, and recorded what every file holds`;
}

const WITHOUT_MANIFEST: Verdict = {
  ok: false,
  reason: 'NoManifest',
  message: 'the worker pod reported success without the checksum of a manifest, so nothing proves the copy',
  unsafe: false,
};

function emptyCopy(
  target: JobTarget | undefined,
  { files, bytes }: { readonly files: number; readonly bytes: number },
): Verdict {
  return {
    ok: false,
    reason: 'EmptyBackup',
    message: `the copy of ${target?.node ?? 'the node'} has ${files} files with ${bytes} bytes, so it holds no database. Start the node, let it synchronize, and add a new request`,
    unsafe: false,
  };
}
