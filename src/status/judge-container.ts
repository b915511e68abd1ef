// The verdict about one container, where the kubelet's report is enough for one.

import type { NodeReason } from '../api/codes/node-reasons.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { redactedLine } from '../lib/redact.ts';
import { excerpt, saysDiskFull } from './excerpt.ts';
import type { ContainerView } from './pod-view.ts';
import { broken, stuck, underway, type Verdict } from './verdict.ts';

/** A container that crashed before counts as crashing until it has run this long. */
const SETTLED_MS = 60_000;

export interface ContainerContext {
  readonly now: number;
  /** The reason of the node's previous condition Ready. */
  readonly previousReason: NodeReason | undefined;
  /** And its message. */
  readonly previousMessage: string | undefined;
}

/** The verdict, or undefined when the container runs, so that its client decides. */
export function judgeContainer(container: ContainerView, context: ContainerContext): Verdict | undefined {
  const { waiting, running, terminated } = container.state;
  if (waiting !== undefined) return judgeWaiting(container, waiting, context);
  if (terminated !== undefined) return crash(container, terminated, context);
  if (running === undefined) return creating(container);
  const last = container.lastState.terminated;
  const justStarted = context.now - Date.parse(running.startedAt) < SETTLED_MS;
  // Between two crashes the container runs for a moment: not a recovery yet.
  return last !== undefined &&
    justStarted &&
    context.previousReason !== undefined &&
    CRASHES.has(context.previousReason)
    ? crash(container, last, context)
    : undefined;
}

/** The same for an init container; undefined once it is done. */
export function judgeInit(container: ContainerView, context: ContainerContext): Verdict | undefined {
  const { waiting, terminated } = container.state;
  const failure = [terminated, container.lastState.terminated].find((end) => end !== undefined && end.exitCode !== 0);
  if (terminated?.exitCode === 0) return undefined;
  if (waiting !== undefined && !WAITS.has(waiting.reason) && waiting.reason !== 'CrashLoopBackOff')
    return judgeWaiting(container, waiting, context);
  if (failure === undefined)
    return underway('Configuring', 'Initializing', `The init container ${container.name} is preparing the data.`);
  const full = saysDiskFull(failure.message);
  const verdict = full ? diskFull(container.name) : undefined;
  return (
    verdict ??
    stuck(
      'InitFailed',
      `The init container ${container.name} failed ${ending(failure, context)}; see its log (kubectl logs -c ${container.name}).`,
    )
  );
}

const WAITS = new Set(['', 'ContainerCreating', 'PodInitializing']);
const CRASHES: ReadonlySet<NodeReason> = new Set(['CrashLoopBackOff', 'OOMKilled', 'ContainerExited', 'DiskFull']);

type Waiting = NonNullable<ContainerView['state']['waiting']>;
type End = NonNullable<ContainerView['state']['terminated']>;

function judgeWaiting(container: ContainerView, waiting: Waiting, context: ContainerContext): Verdict {
  const { name, image } = container;
  const why = redactedLine(waiting.message, 300);
  switch (waiting.reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
      return imagePull(container, waiting, context);
    case 'InvalidImageName':
      return stuck(
        'InvalidImageName',
        `The image ${image} of ${name} is not a valid name; correct it where it is set: ${IMAGE_FIELDS}.`,
      );
    case 'ErrImageNeverPull':
      return stuck(
        'ErrImageNeverPull',
        `The image of ${name} is not on the Kubernetes node and its pull policy is Never; load it or change the policy.`,
      );
    case 'CreateContainerConfigError':
      return stuck(
        'CreateContainerConfigError',
        `${name} cannot be configured: ${why}. Create the Secret or ConfigMap it names, or correct the spec.`,
      );
    case 'CreateContainerError':
      return broken('CreateContainerError', notStarted(name, why));
    case 'RunContainerError':
      return broken('RunContainerError', notStarted(name, why));
    case 'CrashLoopBackOff':
      return crash(container, container.lastState.terminated ?? UNKNOWN_END, context);
    default:
      return creating(container);
  }
}

function notStarted(name: string, why: string): string {
  return `${name} cannot be started: ${why}. Check command, image and security settings.`;
}

/** The kubelet alternates between the two reasons: once it backs off, it stays "backing off" until the image is there. */
function imagePull({ name, image }: ContainerView, waiting: Waiting, context: ContainerContext): Verdict {
  const what = `The image ${image} of ${name} cannot be pulled`;
  if (waiting.reason === 'ErrImagePull' && context.previousReason !== 'ImagePullBackOff')
    return broken('ErrImagePull', `${what}; trying again.`);
  return stuck(
    'ImagePullBackOff',
    `${what}: check that its tag exists, in ${IMAGE_FIELDS}, and that the registry can be read.`,
  );
}

/** Where the image of a container can be set. */
const IMAGE_FIELDS = 'spec.clients, spec.sidecars or a patch';

const UNKNOWN_END: End = { exitCode: -1, reason: '', message: '' };

function crash(container: ContainerView, end: End, context: ContainerContext): Verdict {
  const { name } = container;
  if (saysDiskFull(end.message)) return diskFull(name);
  if (end.reason === 'OOMKilled')
    return stuck(
      'OOMKilled',
      `${name} was killed because it used more memory than its limit; raise its memory limit in spec.resources.`,
    );
  const looping = container.state.waiting !== undefined || container.restartCount > 0;
  if (looping)
    return stuck('CrashLoopBackOff', `${name} keeps crashing ${ending(end, context)}; see its log (--previous).`);
  return broken('ContainerExited', `${name} ended ${ending(end, context)}; Kubernetes starts it again.`);
}

function diskFull(name: string): Verdict {
  return stuck('DiskFull', `${name} stopped because its disk is full; raise the size in spec.storage.`);
}

function creating({ name }: ContainerView): Verdict {
  return underway('Configuring', 'CreatingContainers', `${name} is being created: volumes mounted, image pulled.`);
}

function ending({ exitCode, reason, message }: End, { previousMessage }: ContainerContext): string {
  const words = excerpt(message, previousMessage);
  const named = reason === '' || reason === 'Error' || reason === 'Completed' ? '' : `, ${cleanLine(reason, 64)}`;
  const code = exitCode === -1 ? 'for an unknown reason' : `with exit code ${exitCode}`;
  return `${code}${named}${words === '' ? '' : `: ${words}`}`;
}
