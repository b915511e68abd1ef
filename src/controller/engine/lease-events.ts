// Events about the controller's Lease: what `nodewright status` and `kubectl` show of the controller itself.

import type { ControllerReason } from '../../api/codes/controller-reasons.ts';
import type { Events } from '../../kube/events.ts';
import { controllerLease } from '../../kube/lease/holder.ts';
import type { Settings } from './options.ts';

export interface LeaseNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: ControllerReason;
  readonly message: string;
  /** What this Event, and those that contradict it, are about. */
  readonly state:
    | 'pushing'
    | 'branch'
    | 'reading'
    | 'listed'
    | 'files'
    | 'held'
    | 'failed'
    | 'requests'
    | 'leading'
    | `key ${string}`
    | `approval ${string}`;
}

interface LeaseEventDeps {
  readonly events: Events;
  readonly settings: Pick<Settings, 'executor' | 'namespace'>;
}

export function emitAboutLease(note: LeaseNote, { events, settings: { executor, namespace } }: LeaseEventDeps): void {
  const { apiVersion, kind, name } = controllerLease(executor, namespace);
  events.emit({ ...note, about: { apiVersion, kind, metadata: { name, namespace } } });
}
