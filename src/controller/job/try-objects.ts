// Dry runs of everything that a job creates or changes, before it stops a node.

import { JOB_UID_LABEL, nodeKeyIn, type JobObject } from '../../api/job-object.ts';
import type { JobTarget } from '../../api/job-status.ts';
import type { KubeObject, Ref } from '../../api/objects.ts';
import type { Effect } from '../../jobs/model/effect.ts';
import type { Trial } from '../../jobs/model/observation.ts';
import { fitsWithout, isQuotaRefusal } from '../../jobs/task/quota.ts';
import { MADE_BEFORE, taken } from '../../jobs/task/taken.ts';
import { codeOf, describeError, hasCode } from '../../lib/errors.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isObject, listAt, textAt, textsAt, valueAt } from '../../lib/json-value.ts';
import type { JobDeps } from './deps.ts';

type TrialDeps = Pick<JobDeps, 'cluster' | 'redactor' | 'runtime' | 'watches'>;
type TryEffect = Extract<Effect, { do: 'tryObjects' }>;

const ACCEPTED: Trial = { verdict: 'Accepted' };

/** The first refusal, else the first question without an answer, else accepted. */
export async function tryObjects({ creates, targets }: TryEffect, job: JobObject, deps: TrialDeps): Promise<Trial> {
  const { namespace = '' } = job.metadata;
  const freed = targets.flatMap(({ node }) => deps.watches.owned(nodeKeyIn(job, node), 'Pod'));
  const isForeign = targets.some(({ deployMethod }) => deployMethod !== 'managed');
  const trials = await Promise.all([
    ...creates.map(async (object) => {
      const trial = withoutClass(object, await tryCreate(withOwner(object, job), deps), await hasClass(object, deps));
      // The pods of other tools' nodes are not known here: they may free what is missing.
      return isQuotaOnly(trial) && (isForeign || fitsWithout(trial.message, freed)) ? ACCEPTED : trial;
    }),
    ...targets.flatMap((target) => (target.wasRunning ? [tryRestart(target, namespace, deps)] : [])),
  ]);
  return (
    trials.find(({ verdict }) => verdict === 'Refused') ??
    trials.find(({ verdict }) => verdict === 'Unclear') ??
    ACCEPTED
  );
}

/** The API server accepts a PVC of any class; without the class its volume is never made, and the node would wait for it. */
async function hasClass(object: KubeObject, { cluster }: TrialDeps): Promise<boolean> {
  const name = textAt(object, ['spec', 'storageClassName']) ?? '';
  if (object.kind !== 'PersistentVolumeClaim' || name === '') return true;
  const { apiVersion, kind } = KINDS.StorageClass;
  // A question that is not answered refuses nothing.
  return await cluster.get({ apiVersion, kind, name }).then(
    (found) => found !== undefined,
    () => true,
  );
}

function withoutClass(object: KubeObject, trial: Trial, isThere: boolean): Trial {
  if (isThere || trial.verdict !== 'Accepted') return trial;
  const name = textAt(object, ['spec', 'storageClassName']) ?? '';
  const message =
    `PersistentVolumeClaim ${object.metadata.name}: the StorageClass ${name} does not exist. Correct the name, or create it ` +
    '(for volumes made by hand with the provisioner kubernetes.io/no-provisioner)';
  return { verdict: 'Refused', message };
}

function isQuotaOnly(trial: Trial): trial is Extract<Trial, { readonly message: string }> {
  return 'message' in trial && isQuotaRefusal(trial.message);
}

/** A pod without an owner is refused by many policies; that of a Job has one. */
function withOwner(object: KubeObject, { metadata: { uid = '' } }: JobObject): KubeObject {
  if (object.kind !== 'Pod') return object;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: object.metadata.name, uid, controller: true };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}

async function tryCreate(object: KubeObject, deps: TrialDeps): Promise<Trial> {
  const write = deps.cluster.create(object, { dryRun: true });
  if (!hasOwnName(object)) return await verdictOf(write, deps);
  return await verdictOf(
    write.catch((error: unknown) => {
      throw hasCode(error, 'ALREADY_EXISTS') ? new Taken(taken(object, MADE_BEFORE)) : error;
    }),
    deps,
  );
}

/** Not of a PVC of the node, which its StatefulSet may have created meanwhile, nor of a Job, which may run already. */
function hasOwnName({ kind, metadata }: KubeObject): boolean {
  const isData = kind === 'PersistentVolumeClaim' || kind === 'VolumeSnapshot';
  return isData && metadata.labels?.[JOB_UID_LABEL] !== undefined;
}

/** The job has created nothing yet, and their names have its UID: something else has made them. */
class Taken extends Error {}

/** The stop, the start, and the pod that the start makes. */
async function tryRestart(target: JobTarget, namespace: string, deps: TrialDeps): Promise<Trial> {
  const { cluster } = deps;
  const ref = workloadOf(target, namespace);
  const live = await cluster.get(ref).catch(() => undefined);
  const replicas = valueAt(live, ['spec', 'replicas']);
  if (live === undefined || typeof replicas !== 'number' || replicas === 0) return ACCEPTED;
  for (const value of [0, replicas]) {
    const write = cluster.patch(ref, [{ op: 'replace', path: '/spec/replicas', value }], { dryRun: true });
    const trial = await verdictOf(write, deps);
    if (trial.verdict !== 'Accepted') return trial;
  }
  const pod = podOf(live);
  if (pod === undefined) return ACCEPTED;
  const trial = await tryCreate(pod, deps);
  // The pod that runs now counts for the quota too.
  return isQuotaOnly(trial) ? ACCEPTED : trial;
}

function workloadOf({ deployMethod, node, workload }: JobTarget, namespace: string): Ref {
  return deployMethod === 'managed'
    ? { apiVersion: 'apps/v1', kind: 'StatefulSet', name: node, namespace }
    : { ...workload, namespace };
}

/** The first pod of a StatefulSet, as its controller creates it. */
function podOf(live: KubeObject): KubeObject | undefined {
  const template = valueAt(live, ['spec', 'template']);
  const spec = valueAt(template, ['spec']);
  if (live.kind !== 'StatefulSet' || !isObject(spec)) return undefined;
  const { name, namespace = '', uid = '' } = live.metadata;
  const claims = listAt(live, ['spec', 'volumeClaimTemplates']).flatMap((claim) => {
    const volume = valueAt(claim, ['metadata', 'name']);
    return typeof volume === 'string'
      ? [{ name: volume, persistentVolumeClaim: { claimName: `${volume}-${name}-0` } }]
      : [];
  });
  const owner = { apiVersion: live.apiVersion, kind: live.kind, name, uid, controller: true };
  const labels = textsAt(template, ['metadata', 'labels']);
  const annotations = textsAt(template, ['metadata', 'annotations']);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels, annotations, name: `${name}-0`, namespace, ownerReferences: [owner] },
    spec: { ...spec, volumes: [...listAt(spec, ['volumes']), ...claims] },
  };
}

async function verdictOf(write: Promise<unknown>, { redactor, runtime }: TrialDeps): Promise<Trial> {
  try {
    await write;
    return ACCEPTED;
  } catch (error) {
    const message = redactor(describeError(error));
    if (isNoAnswerToTheQuestion(error, message)) return ACCEPTED;
    const isRefused =
      error instanceof Taken ||
      hasCode(error, 'FORBIDDEN', 'INVALID', 'TOO_LARGE') ||
      message.includes('denied the request');
    return isRefused ? { verdict: 'Refused', message } : { verdict: 'Unclear', message, at: runtime.now() };
  }
}

/** An object of that name exists; our own rights do not include the dry run; a webhook takes part in no dry runs. */
function isNoAnswerToTheQuestion(error: unknown, message: string): boolean {
  const code = codeOf(error);
  if (code === 'ALREADY_EXISTS' || code === 'NOT_FOUND') return true;
  if (code === 'FORBIDDEN') return /cannot (create|patch) resource/.test(message);
  return message.includes('does not support dry run');
}
