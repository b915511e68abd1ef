// The pods that read and write signer states: one for each node and step, of a name that no other step has.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { JobStatus, JobTask, SignerRecord } from '../../api/job-status.ts';
import type { TaskParameters } from '../../api/worker-task.ts';
import { hostOf, mountOf, ownerOf } from '../task/pod-parts.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { stay, viewOf, type Move, type Scope } from '../model/scope.ts';
import { runTask } from '../task/run-task.ts';
import { stopInjected } from '../task/stop-injected.ts';
import { waitsForWorkers } from '../task/workers-left.ts';
import { provenanceOf } from '../task/provenance.ts';

export interface SignerTask {
  readonly state: SignerRecord;
  readonly step: 'read' | 'write' | 'undo';
  /** The other node, whose state may be there too. */
  readonly from?: SignerRecord | undefined;
}

export type SignerProgress =
  { readonly ended: false; readonly move: Move } | { readonly ended: true; readonly tasks: JobTask[] };

/** One check of all tasks. `ended` when every one has, is on record, and no pod of them is left. */
export function runSignerTasks(scope: Scope, planned: readonly SignerTask[]): SignerProgress {
  const pods = planned.map((task) => podOf(scope, task));
  const steps = pods.map((pod, index) =>
    runTask(scope, { pod, index, of: pods.length, tag: planned[index]?.step, claimName: undefined }),
  );
  const tasks = steps.map(({ task }) => task);
  if (tasks.every(({ outcome }) => outcome !== undefined) && scope.observed.workerPods === 0)
    return { ended: true, tasks };
  const status: Partial<JobStatus> = { works: tasks, ...provenanceOf(scope, pods, tasks) };
  const message = steps.find(({ waits }) => waits !== undefined)?.waits ?? waitsForWorkers(scope);
  return {
    ended: false,
    move: stay(scope, message, {
      status,
      effects: [...steps.flatMap(({ effects }) => effects), ...stopInjected(scope, tasks)],
    }),
  };
}

export function failedOf(
  tasks: readonly JobTask[],
): { readonly code: FailureReason; readonly message: string } | undefined {
  const bad = tasks.find(({ outcome }) => outcome !== 'Succeeded');
  if (bad === undefined) return undefined;
  const { node, code = 'WorkFailed', message = 'the work failed' } = bad;
  return { code, message: `${node}: ${message}` };
}

/** No pod of these tasks exists, and none can come any more. */
export function tasksAreOver({ observed }: Scope, tasks: readonly JobTask[]): boolean {
  return (
    observed.workerPods === 0 &&
    tasks.every(({ name, uid }) => {
      const live = observed.tasks.get(name);
      return live === undefined || live.uid !== uid || live.finished !== undefined || live.suspended;
    })
  );
}

const AT = '/data';

function podOf(scope: Scope, { state, step, from }: SignerTask): TaskSpec {
  const { node, volume: name, paths, text = '' } = state;
  const target = viewOf(scope).targets.find((one) => one.node === node);
  const volume = target?.volumes.find((one) => one.name === name);
  if (target === undefined || volume === undefined) throw new Error(`the volume ${name} of ${node} is not on record`);
  const readOnly = step === 'read';
  const other = from?.text ?? '';
  const parameters: TaskParameters = readOnly
    ? { verb: 'readSigner', at: AT, paths }
    : { verb: 'writeSigner', at: AT, paths, text: step === 'write' ? other : text, expect: [text, other] };
  return {
    node,
    repeatable: true,
    unsafeWhenUnclear: !readOnly,
    before: [],
    parameters,
    volumes: [{ name: `node-${name}`, pvc: volume.claim, readOnly }],
    mounts: [{ ...mountOf(volume, AT), readOnly }],
    runAs: ownerOf(target),
    ...hostOf(target, scope.open.common, 'StopAndStart'),
  };
}
