// Renders one task as a Kubernetes Job: created suspended, tried once, without rights in the cluster.

import { FIELD_MANAGER, LABEL } from '../../api/group.ts';
import { JOB_UID_LABEL } from '../../api/job-object.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { CommonSpec } from '../model/job-kind.ts';
import { jobObjectName, type JobIdentity } from '../model/names.ts';
import type { PodMount, PodVolume, TaskSpec, Program } from '../model/task-spec.ts';
import type { JobSettings } from '../model/settings.ts';

export interface WorkerJobInput {
  readonly job: JobIdentity;
  readonly common: CommonSpec;
  readonly settings: JobSettings;
  readonly name: string;
  readonly task: TaskSpec;
}

/** The container whose termination message is the result. */
export const WORK_CONTAINER = 'work';

/**
 * An injected proxy would never end, and would intercept the questions to the client. The service meshes and the secret
 * injector that read a pod's labels or annotations:
 * https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
 * https://linkerd.io/2/features/proxy-injection/
 * https://kuma.io/docs/latest/reference/kubernetes-annotations/
 * https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
 * https://developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations
 */
const NO_INJECTION = {
  labels: { 'sidecar.istio.io/inject': 'false', 'kuma.io/sidecar-injection': 'disabled' },
  annotations: {
    'sidecar.istio.io/inject': 'false',
    'linkerd.io/inject': 'disabled',
    'kuma.io/sidecar-injection': 'disabled',
    'consul.hashicorp.com/connect-inject': 'false',
    'vault.hashicorp.com/agent-inject': 'false',
  },
};

/** Keeps the copying within the pod's memory: V8 would otherwise let garbage grow to a share of the host's. */
const NODE_OPTIONS = '--max-semi-space-size=2 --max-old-space-size=160';

/**
 * The Job. No owner reference: a request that vanishes must not kill a pod in the middle of a swap. None of the node's
 * labels: the node's Service would send it traffic. The finished Job is removed by UID, never by a timer of its own,
 * which could remove it before its result was read.
 */
export function renderWorkerJob({ job, common, settings, name, task }: WorkerJobInput): KubeObject {
  const labels = {
    [LABEL.managedBy]: FIELD_MANAGER,
    [LABEL.job]: jobObjectName(job),
    [JOB_UID_LABEL]: job.uid,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: job.namespace, labels },
    spec: {
      suspend: true,
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: common.deadlineSeconds,
      template: {
        metadata: { labels: { ...labels, ...NO_INJECTION.labels }, annotations: NO_INJECTION.annotations },
        spec: podSpec({ common, settings, task }),
      },
    },
  };
}

function podSpec({ common, settings, task }: Pick<WorkerJobInput, 'common' | 'settings' | 'task'>): object {
  const { runAs } = task;
  const main = {
    name: WORK_CONTAINER,
    image: workerImageOf(common, settings),
    imagePullPolicy: common.pullPolicy,
    args: ['job', 'run', '--parameters', literal(JSON.stringify(task.parameters))],
    env: [{ name: 'NODE_OPTIONS', value: NODE_OPTIONS }, ...credentialsOf(task)],
    terminationMessagePolicy: 'File',
    // The engine holds the index of its repository in memory.
    resources: resourcesOf(task.engine === undefined ? settings.resources : settings.programResources, common),
    securityContext: containerSecurity(runAs.capabilities),
    volumeMounts: mountsOf(task.mounts),
  };
  const before = task.before.map((program) => containerOf(program, { common, settings, task }));
  const beside =
    task.beside === undefined
      ? []
      : [{ ...containerOf(task.beside, { common, settings, task }), restartPolicy: 'Always' }];
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(task.engine === undefined ? {} : { hostname: task.engine.hostname }),
    // A client may take long to close its database; the worker itself ends at once.
    terminationGracePeriodSeconds: task.beside === undefined && task.before.length === 0 ? 30 : 120,
    securityContext: podSecurity(runAs),
    ...(settings.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })) }),
    ...(task.host === undefined ? {} : { affinity: onKubernetesNode(task.host) }),
    initContainers: [...before, ...beside],
    containers: [main],
    volumes: [...task.volumes.map(volumeOf), { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }],
  };
}

/** As other tools that run restic name them, so that their Secrets can be used. */
export const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'RESTIC_PASSWORD'] as const;

function credentialsOf({ engine }: TaskSpec): object[] {
  if (engine === undefined) return [];
  return CREDENTIALS.map((key) => ({ name: key, valueFrom: { secretKeyRef: { name: engine.secret, key } } }));
}

function containerOf(
  program: Program,
  { common, settings, task }: Pick<WorkerJobInput, 'common' | 'settings' | 'task'>,
): object {
  return {
    name: program.name,
    image: program.image ?? workerImageOf(common, settings),
    imagePullPolicy: common.pullPolicy,
    ...(program.command.length === 0 ? {} : { command: program.command.map(literal) }),
    args: program.args.map(literal),
    ...(program.env === undefined
      ? {}
      : { env: Object.entries(program.env).map(([name, value]) => ({ name, value: literal(value) })) }),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: resourcesOf(settings.programResources, common),
    securityContext: { ...containerSecurity(task.runAs.capabilities), readOnlyRootFilesystem: false },
    volumeMounts: mountsOf(program.mounts),
  };
}

/** What the request gives takes the place of the default, name by name: a limit of memory leaves the request of CPU. */
function resourcesOf(defaults: JobSettings['resources'], { resources = {} }: CommonSpec): JobSettings['resources'] {
  return {
    requests: { ...defaults.requests, ...resources.requests },
    limits: { ...defaults.limits, ...resources.limits },
  };
}

/** On other tools' nodes `image` is where cloud-op lies; the container `work` is always ours there. */
export function workerImageOf(common: CommonSpec, settings: JobSettings): string {
  return common.deployMethod === 'managed' ? (common.image ?? settings.workerImage) : settings.workerImage;
}

function podSecurity({ uid, gid }: TaskSpec['runAs']): object {
  return {
    runAsUser: uid,
    runAsGroup: gid,
    ...(uid === 0 ? {} : { runAsNonRoot: true, fsGroup: gid, fsGroupChangePolicy: 'OnRootMismatch' }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function containerSecurity(capabilities: readonly string[]): object {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], ...(capabilities.length === 0 ? {} : { add: [...capabilities] }) },
  };
}

function mountsOf(mounts: readonly PodMount[]): object[] {
  return [
    ...mounts.map(({ volume, path, subPath, readOnly }) => ({
      name: volume,
      mountPath: path,
      ...(subPath === undefined ? {} : { subPath }),
      ...(readOnly === true ? { readOnly } : {}),
    })),
    { name: 'tmp', mountPath: '/tmp' },
  ];
}

function volumeOf(volume: PodVolume): object {
  if ('configMap' in volume) return { name: volume.name, configMap: { name: volume.configMap } };
  if ('secret' in volume) return { name: volume.name, secret: { secretName: volume.secret, defaultMode: 0o444 } };
  if ('sizeLimit' in volume) return { name: volume.name, emptyDir: { sizeLimit: volume.sizeLimit } };
  const { name, pvc, readOnly } = volume;
  return { name, persistentVolumeClaim: { claimName: pvc, ...(readOnly ? { readOnly } : {}) } };
}

/** By the name of the Kubernetes node, not by affinity to a pod: when the node is stopped, there is no such pod. */
function onKubernetesNode(host: string): object {
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [host] }] }];
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
}

/** Kubernetes replaces `$(NAME)` in arguments and values; `$$(` stands for `$(` itself. */
function literal(text: string): string {
  return text.replaceAll('$(', '$$$$(');
}
