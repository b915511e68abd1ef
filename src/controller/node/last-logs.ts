// What a program wrote before it ended without an error: Kubernetes keeps a message of failures only.

import { type KubeObject, refOf } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { stripControls } from '../../lib/clean-text.ts';
import { isObject, textAt, valueAt } from '../../lib/json-value.ts';
import { redact } from '../../lib/redact.ts';

/** Enough for the lines that an orderly end writes after its reason. */
const TAIL_LINES = 60;
const TAIL_BYTES = 65_536;

export interface LastLogs {
  /**
   * The pods, with the end of their logs as the message of containers that ended with exit code 0, as geth does on a disk
   * that is nearly full (cmd/utils/cmd.go, monitorFreeDiskSpace). A log is read once an end, and never of a container that
   * runs well.
   */
  complete(pods: readonly KubeObject[]): Promise<readonly KubeObject[]>;
}

export function createLastLogs(cluster: Pick<Cluster, 'logs'>): LastLogs {
  /** By pod and container: how often it had ended then, and what it had written. */
  const read = new Map<string, { readonly ends: number; readonly text: string }>();

  async function lastLogOf(pod: KubeObject, { name, ends, previous }: SilentEnd): Promise<string> {
    const id = `${pod.metadata.uid ?? ''}/${name}`;
    const known = read.get(id);
    if (known?.ends === ends) return known.text;
    const options = { container: name, tailLines: TAIL_LINES, limitBytes: TAIL_BYTES, previous };
    // Without its log the exit code alone describes the end.
    const text = redact(stripControls(await cluster.logs(refOf(pod), options).catch(() => '')));
    read.set(id, { ends, text });
    return text;
  }

  async function completePod(pod: KubeObject): Promise<KubeObject> {
    // A pod that is being deleted ends on request.
    if (pod.metadata.deletionTimestamp !== undefined) return pod;
    const statuses = valueAt(pod, ['status', 'containerStatuses']);
    if (!Array.isArray(statuses) || !statuses.some((status) => silentEnd(status) !== undefined)) return pod;
    const containerStatuses = await Promise.all(
      statuses.map(async (status) => {
        const end = silentEnd(status);
        return end === undefined ? status : withMessage(status, end, await lastLogOf(pod, end));
      }),
    );
    return { ...pod, status: { ...(pod['status'] as object), containerStatuses } };
  }

  return {
    async complete(pods) {
      const uids = new Set(pods.map(({ metadata }) => metadata.uid));
      const completed = await Promise.all(pods.map(completePod));
      if (read.size > MOST) for (const id of read.keys()) if (!uids.has(id.split('/')[0])) read.delete(id);
      return completed;
    },
  };
}

const MOST = 1000;

interface SilentEnd {
  readonly name: string;
  readonly at: 'state' | 'lastState';
  /** How often it has ended. */
  readonly ends: number;
  readonly previous: boolean;
}

/** The end of a container that Kubernetes starts again, although it had exit code 0, and of which nothing was kept. */
function silentEnd(status: unknown): SilentEnd | undefined {
  const name = textAt(status, ['name']);
  const at = (['state', 'lastState'] as const).find((state) => isObject(valueAt(status, [state, 'terminated'])));
  if (name === undefined || at === undefined || runsWell(status)) return undefined;
  const exitCode = valueAt(status, [at, 'terminated', 'exitCode']);
  const message = valueAt(status, [at, 'terminated', 'message']) ?? '';
  if (exitCode !== 0 || message !== '') return undefined;
  const restarts = Number(valueAt(status, ['restartCount']) ?? 0);
  return { name, at, ends: at === 'state' ? restarts + 1 : restarts, previous: at === 'lastState' };
}

function runsWell(status: unknown): boolean {
  return isObject(valueAt(status, ['state', 'running'])) && valueAt(status, ['ready']) === true;
}

function withMessage(status: unknown, { at }: SilentEnd, message: string): unknown {
  const whole = status as Readonly<Record<string, Readonly<Record<string, object>>>>;
  return { ...whole, [at]: { ...whole[at], terminated: { ...whole[at]?.['terminated'], message } } };
}
