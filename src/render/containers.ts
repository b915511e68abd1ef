// Containers as Kubernetes objects, within the Pod Security Standard "restricted".

import type { Sidecar } from '../api/containers.ts';
import type { ContainerSpec, Mount, Probe } from '../chains/workload.ts';
import { assertNever } from '../lib/assert-never.ts';
import { SIGNER_VOLUME_KEY, volumeName } from './pod-volumes.ts';

type Json = Readonly<Record<string, unknown>>;

/** No client writes a termination message: without its last log lines the status could not say why it ended. */
const LAST_WORDS = 'FallbackToLogsOnError';

/** A container of the chain's workload. */
export function container(spec: ContainerSpec): Json {
  const { name, image, imagePullPolicy, command, args, workingDir, resources } = spec;
  return defined({
    name,
    image,
    imagePullPolicy,
    command: command?.map(literal),
    args: args?.map(literal),
    workingDir,
    env: [
      ...podName(spec),
      ...environment(Object.entries(spec.env ?? {}).map(([key, value]) => ({ name: key, value }))),
    ],
    ports: (spec.ports ?? []).map((port) => ({
      name: port.name,
      containerPort: port.port,
      protocol: port.protocol ?? 'TCP',
    })),
    resources: resources ?? {},
    volumeMounts: spec.mounts.map(volumeMount),
    startupProbe: probe(spec.startupProbe),
    livenessProbe: probe(spec.livenessProbe),
    readinessProbe: probe(spec.readinessProbe),
    terminationMessagePolicy: LAST_WORDS,
    securityContext: restricted(spec.writableRoot !== true),
  });
}

/** A container that the user added. Its root filesystem stays writable, because the image may need it. */
export function sidecarContainer(sidecar: Sidecar): Json {
  const { name, image, imagePullPolicy, command, args } = sidecar;
  return defined({
    name,
    image,
    imagePullPolicy,
    command: command?.map(literal),
    args: args?.map(literal),
    env: environment(sidecar.env ?? []),
    ports: (sidecar.ports ?? []).map((port) => ({ name: port.name, containerPort: port.port, protocol: 'TCP' })),
    resources: sidecar.resources ?? {},
    volumeMounts: (sidecar.mounts ?? []).map(({ storage, path, readOnly }) => ({
      name: storage,
      mountPath: path,
      readOnly,
    })),
    terminationMessagePolicy: LAST_WORDS,
    securityContext: restricted(false),
  });
}

function restricted(readOnlyRootFilesystem: boolean): Json {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function environment(variables: readonly { readonly name: string; readonly value: string }[]): readonly Json[] {
  return variables.map(({ name, value }) => ({ name, value: literal(value) }));
}

function podName({ podNameVariable: name }: ContainerSpec): readonly Json[] {
  return name === undefined
    ? []
    : [{ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }];
}

/**
 * Kubernetes replaces `$(NAME)` and reads `$$` as `$` in commands, arguments and variables. What the file says is what
 * the program gets: doubling the `$` where it would mean something keeps it.
 */
function literal(text: string): string {
  return text.replaceAll(/\$(?=[$(])/g, '$$$$');
}

function volumeMount(mount: Mount): Json {
  const name = volumeName(mount);
  switch (mount.kind) {
    case 'storage':
      return defined({ name, mountPath: mount.path, subPath: mount.subPath, readOnly: mount.readOnly });
    case 'file':
      return { name, mountPath: mount.path, subPath: mount.key, readOnly: true };
    case 'signerVolume':
      return { name, mountPath: mount.path, subPath: SIGNER_VOLUME_KEY, readOnly: true };
    case 'configMap':
      return { name, mountPath: mount.path, subPath: mount.key, readOnly: true };
    case 'generated':
    case 'secret':
      return { name, mountPath: mount.path, readOnly: true };
    case 'scratch':
      return { name, mountPath: mount.path };
    default:
      return assertNever(mount);
  }
}

function probe(spec: Probe | undefined): Json | undefined {
  if (spec === undefined) return undefined;
  const { port, periodSeconds, failureThreshold } = spec;
  const action = spec.kind === 'tcp' ? { tcpSocket: { port } } : { httpGet: { port, path: spec.path } };
  return { ...action, periodSeconds, failureThreshold, timeoutSeconds: 5 };
}

/** Without undefined members and empty lists: server-side apply would own them. */
function defined(fields: Json): Json {
  const kept = Object.entries(fields).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}
