// Restore: gives a node the data of a Backup or a Snapshot, keeping its own keys and its signer state.

import { z } from 'zod';

import { Name } from '../../api/fields.ts';
import { IMMUTABLE, JobAction, jobFields, StoredSource, toolVersion } from '../../api/job.ts';
import { isFinal } from '../../api/job-phase.ts';
import type { JobTarget } from '../../api/job-status.ts';
import type { TaskParameters } from '../../api/worker-task.ts';
import { BACKUP_FOLDER } from './copy-pods.ts';
import { AGE, HEIGHT, MESSAGE, NODE, PHASE } from './columns.ts';
import { checkRestore } from './check-restore.ts';
import { byAction } from './effect-text.ts';
import { foreignClient } from './foreign-client.ts';
import { defineJobKind, type JobView, type Preflight, type TaskPlan } from '../model/job-kind.ts';
import { isNew, recoverArgs, STATE_FOLDER } from '../layouts/cloud-op.ts';
import { dataAt, hostOf, ownerOf } from '../task/pod-parts.ts';
import { downloadPod } from './download-pod.ts';
import { expectation, ownFilesOf } from './restore-parameters.ts';
import { namedSnapshot, type StoredSnapshot } from './object-storage.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { refuse, type Refusal, whyRemoved } from '../model/refusal.ts';
import type { RestoreSource } from '../model/observation.ts';
import { listOf } from '../model/scope.ts';
import { planFromSnapshots, refuseClasses, type RestorePod } from './restore-snapshots.ts';
import { cloudOpPlace, cloudOpPod } from '../task/program-pods.ts';

const Spec = z
  .strictObject({
    ...jobFields,
    node: Name.describe('The node whose data is replaced.'),
    backup: Name.optional().describe('The Backup to restore. Exactly one of `backup`, `snapshot` and `source`.'),
    snapshot: Name.optional().describe('The Snapshot to restore.'),
    source: StoredSource.optional().describe('A snapshot in object storage whose job has no record here.'),
    action: JobAction.default('StopAndStart').describe('`Direct` is only for a node that is stopped already.'),
    toolVersion,
  })
  .meta(IMMUTABLE);
type RestoreSpec = z.infer<typeof Spec>;

export const restore = defineJobKind({
  kind: 'Restore',
  shortNames: ['rst'],
  title: 'Restore',
  summary: "Replaces a node's data by a Backup or a Snapshot of the same chain; its keys and signer state stay.",
  spec: Spec,
  example: { node: 'a', backup: 'nightly' },
  printerColumns: [NODE, PHASE, HEIGHT, MESSAGE, AGE],
  methods: { managed: true, 'cloud-config': true, python: true, helm: true },
  open: (spec) => ({
    common: spec,
    nodes: [spec.node],
    effect: (stopped) => effectOf(spec, stopped),
    action: spec.action,
    whileRunning: { refused: 'data is never replaced under a running node: use StopAndStart, or stop the node first' },
    startProof: 'grows',
    repairs: true,
    fillsVolumes: true,
    stops: () => true,
    check: (context) => checkRestore(spec, context),
    awaits: ({ source }) => (source === undefined || isFinal(source.phase) ? undefined : `waits for ${source.job}`),
    preflight: (view) => preflight(spec, view),
    plan: (view) => plan(spec, view),
    judge: ({ observed: { source } }, [task]) => {
      const height = task?.height ?? source?.height;
      return {
        ok: true,
        message: `the data of ${source?.job ?? nameOfSource(spec)} is in place`,
        ...(height === undefined ? {} : { height }),
      };
    },
  }),
});

function effectOf(spec: RestoreSpec, stopped: readonly string[]): string {
  const { node, action } = spec;
  const source = nameOfSource(spec);
  const work = {
    running: `replaces the data of ${node}, which must be stopped, by ${source}; its keys stay`,
    stopped: `replaces its data by ${source} (its keys stay)`,
  };
  return byAction({ action, node }, work, stopped);
}

function nameOfSource({ backup, snapshot, source }: RestoreSpec): string {
  if (source !== undefined) {
    const { name, snapshot: id = 'the newest snapshot' } = source.objectStorage;
    return `${id} in the location ${name}`;
  }
  return backup === undefined ? `Snapshot ${snapshot ?? ''}` : `Backup ${backup}`;
}

function preflight(spec: RestoreSpec, view: JobView): Preflight {
  if (spec.source !== undefined) {
    const planned = plan(spec, view);
    return 'refused' in planned ? { go: false, refuse: planned } : { go: true };
  }
  const { source } = view.observed;
  const [target] = view.targets;
  const name = nameOfSource(spec);
  if (source === undefined)
    return {
      go: false,
      refuse: refuse('SourceMissing', `${name} does not exist, neither as an object nor as a record`),
    };
  const refusal = refuseSource(source, target) ?? (target && refuseClasses({ view, target, source }));
  if (refusal !== undefined) return { go: false, refuse: refusal };
  const planned = plan(spec, view);
  if ('refused' in planned) return { go: false, refuse: planned };
  return source.live
    ? {
        go: true,
        notes: [`${source.job} was taken from a running node: its databases are not proven to be consistent`],
      }
    : { go: true };
}

function refuseSource(source: RestoreSource, target: JobTarget | undefined): Refusal | undefined {
  return refuseData(source) ?? (target === undefined ? undefined : refuseOtherChain(source, target));
}

function refuseData(source: RestoreSource): Refusal | undefined {
  const { job, phase, removed, ...data } = source;
  if (phase !== 'Complete') return refuse('SourceNotComplete', `${job} ended ${phase}: there is nothing to restore`);
  if (removed !== undefined) return refuse('SourceMissing', whyRemoved(job, removed));
  const gone = whyGone(source);
  if (gone !== undefined) return refuse('SourceMissing', gone);
  if (data.manifestSha256 === undefined)
    return refuse('NoManifest', `${job} has no manifest: whether its data is whole is unknown`);
  if (data.files === 0 || data.bytes === 0)
    return refuse('SourceEmpty', `${job} holds no data: restore another Backup or Snapshot`);
  return undefined;
}

function whyGone({
  job,
  stored,
  otherRepository,
  volumeSnapshots,
  missingSnapshots = [],
  pvcPresent,
  pvcName,
}: RestoreSource): string | undefined {
  if (stored !== undefined) return otherRepository === undefined ? undefined : `${job}: ${otherRepository}`;
  if (volumeSnapshots !== undefined)
    return missingSnapshots.length === 0 ? undefined : `VolumeSnapshot ${listOf(missingSnapshots)} of ${job} is gone`;
  return pvcPresent && pvcName !== undefined ? undefined : `the PVC of ${job} is gone`;
}

function refuseOtherChain(source: RestoreSource, target: JobTarget): Refusal | undefined {
  const foreign = foreignClient(source.clients, target.clients);
  if (foreign !== undefined)
    return refuse('WrongClient', `${source.job} is of ${foreign.theirs}, but ${target.node} runs ${foreign.ours}`);
  for (const field of ['chain', 'network', 'chainId'] as const) {
    const [theirs, ours] = [source[field], target[field]];
    if (theirs !== undefined && ours !== undefined && theirs !== ours)
      return refuse('WrongChain', `${source.job} is of ${field} ${theirs}, but ${target.node} is on ${ours}`);
  }
  return undefined;
}

function plan(spec: RestoreSpec, view: JobView): TaskPlan | Refusal {
  const { source } = view.observed;
  const [target] = view.targets;
  if (target === undefined) throw new Error('a restore needs a target');
  // Only its chain knows which files are the node's own; without that they would be overwritten.
  if (target.deployMethod === 'managed' && view.observed.targets.get(target.node)?.answers === undefined)
    return refuse('NodeMissing', `the chain of ${target.node} is not known any more`);
  if (source?.volumeSnapshots !== undefined)
    return planFromSnapshots({ view, target, source }, copyPod({ spec, view, target, source }));
  const pod = podOf({ spec, view, target, source });
  return 'refused' in pod ? pod : { do: 'pods', pods: [pod] };
}

function podOf({ source, ...rest }: Omit<Copy, 'source'> & { source: RestoreSource | undefined }): TaskSpec | Refusal {
  const { spec, view, target } = rest;
  if (source?.otherRepository !== undefined) return refuse('SourceMissing', source.otherRepository);
  const snapshot = storedSnapshot({ ...rest, source });
  if (snapshot !== undefined) return downloadPod({ snapshot, view, target, common: spec, source });
  if (source?.pvcName === undefined) return refuse('SourceMissing', 'the source of the restore is gone');
  return readsState(source) ? planRecover(spec, target, source) : copyPod({ ...rest, source });
}

/** Snapshots of cloud-op before 0.3 hold a state in the tool's own form; everything else is files to copy. */
function readsState({ kind, deployMethod, format }: RestoreSource): boolean {
  return kind === 'Snapshot' && deployMethod !== 'managed' && format?.startsWith('0.2.') === true;
}

interface Copy {
  readonly spec: RestoreSpec;
  readonly view: JobView;
  readonly target: JobTarget;
  readonly source: RestoreSource;
}

function copyPod({ spec, view, target, source }: Copy): RestorePod {
  const data = dataAt(target, '/data', false);
  const fromTool = source.kind === 'Snapshot' && source.deployMethod !== 'managed';
  const from = `/source/${fromTool ? String(source.height ?? 0) : BACKUP_FOLDER}`;
  return {
    node: target.node,
    repeatable: true,
    // The next attempt finishes a swap that was begun; without one, old or new data may be missing in part.
    unsafeWhenUnclear: true,
    before: [],
    parameters: {
      verb: 'restore',
      id: view.job.uid,
      from,
      volumes: target.volumes.map(({ name }) => ({ name, to: `/data/${name}` })),
      scope: fromTool ? 'entries' : 'volume',
      ...ownFilesOf(target, view),
      expect: expectation(target, source),
      uid: target.uid,
      gid: target.gid,
    },
    volumes: [...data.volumes, { name: 'source', pvc: source.pvcName ?? '', readOnly: true }],
    mounts: [...data.mounts, { volume: 'source', path: '/source', readOnly: true }],
    runAs: ownerOf(target),
    ...hostOf(target, spec, spec.action),
  };
}

/** Of the record that the request names, or as the request itself says; undefined for data on a PVC. */
function storedSnapshot({
  spec,
  view,
  target,
  source,
}: Omit<Copy, 'source'> & { source: RestoreSource | undefined }): StoredSnapshot | undefined {
  const { stored } = source ?? {};
  if (stored !== undefined) return { repository: stored.repository, snapshot: stored.snapshot ?? 'latest' };
  return spec.source === undefined ? undefined : namedSnapshot(spec.source, view, target);
}

/** Where a state that cloud-op 0.2 wrote lies. */
const STATE_AT = `/restore-source/${STATE_FOLDER}`;

function planRecover(spec: RestoreSpec, target: JobTarget, source: RestoreSource): TaskSpec | Refusal {
  const place = cloudOpPlace(target, spec, '/restore-dest');
  if ('refused' in place) return place;
  if (isNew(place.tool) && spec.image === undefined && spec.toolVersion === undefined)
    return refuse(
      'ToolTooNew',
      `${source.job} was written by cloud-op ${source.format ?? '0.2'}: set spec.image to an image with that version`,
    );
  const args = recoverArgs({ ...place, target, height: source.height ?? 0 }, STATE_AT);
  if ('refused' in args) return args;
  const check: TaskParameters = { verb: 'check', from: STATE_AT, expect: expectation(target, source) };
  return cloudOpPod({
    target,
    common: spec,
    place,
    args,
    before: [
      {
        name: 'check',
        command: [],
        args: ['job', 'run', '--parameters', JSON.stringify(check)],
        mounts: [{ volume: 'result', path: '/restore-source', readOnly: true }],
      },
    ],
    parameters: { verb: 'done' },
    other: { pvc: source.pvcName ?? '', path: '/restore-source', readOnly: true },
    proof: { reaches: source.height ?? 0 },
  });
}
