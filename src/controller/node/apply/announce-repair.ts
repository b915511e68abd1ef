// Reports a repair: a log line, a metric, and an Event about the node.

import { FIELD_MANAGER } from '../../../api/group.ts';
import type { KubeObject } from '../../../api/objects.ts';
import type { Events } from '../../../kube/events.ts';
import type { Runtime } from '../../engine/runtime.ts';
import type { Contest } from './repairs.ts';

export interface RepairReport extends Contest {
  readonly desired: KubeObject;
  /** The next repair of it is spaced out. */
  readonly isContested: boolean;
}

const MAX_PATHS = 5;

export function announceRepair(
  { desired, object, paths, by, isContested }: RepairReport,
  { runtime, events }: { readonly runtime: Runtime; readonly events: Pick<Events, 'emit'> },
): void {
  runtime.telemetry.repaired(desired.kind);
  runtime.log.info({ object, fields: paths, changedBy: by ?? 'unknown' }, 'Repaired object');
  const about = ownerOf(desired);
  if (about === undefined) return;
  events.emit(
    isContested
      ? { about, type: 'Warning', reason: 'RepairRepeats', message: describeContest({ object, paths, by }) }
      : {
          about,
          type: 'Normal',
          reason: 'DriftRepaired',
          message: `${object} differed from what was applied in ${list(paths)}${suffix(by)}. Put back.`,
        },
  );
}

/** Of an object that the controller had applied, and that was gone. */
export function announceDeleted(
  desired: KubeObject,
  object: string,
  { runtime, events }: { readonly runtime: Runtime; readonly events: Pick<Events, 'emit'> },
): void {
  runtime.telemetry.repaired(desired.kind);
  runtime.log.info({ object }, 'Made deleted object again');
  const about = ownerOf(desired);
  const message = `${object} was deleted, not by the controller. It is made again.`;
  if (about !== undefined) events.emit({ about, type: 'Warning', reason: 'ObjectDeleted', message });
}

/** For the condition and the Event: without figures that change. */
export function describeContest({ object, paths, by }: Contest): string {
  return `${object} is changed again and again in ${list(paths)}${suffix(by)}. The controller puts it back at growing intervals.`;
}

function suffix(by: string | undefined): string {
  return by === undefined || by === FIELD_MANAGER ? '' : ` (last set by ${by})`;
}

function list(paths: readonly string[]): string {
  const shown = paths.slice(0, MAX_PATHS).join(', ');
  return paths.length > MAX_PATHS ? `${shown} and ${paths.length - MAX_PATHS} more` : shown;
}

/** The node, as the owner reference names it. */
export function ownerOf({ metadata }: KubeObject): KubeObject | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, metadata: { name, uid, ...(metadata.namespace && { namespace: metadata.namespace }) } };
}
