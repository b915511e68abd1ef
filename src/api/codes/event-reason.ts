// Why the controller writes an Event: what a node or a job shows as its reason, or the guard that holds an action.

import type { ControllerReason } from './controller-reasons.ts';
import type { JobReason } from './job-reasons.ts';
import type { UpgradeReason } from './upgrade-reasons.ts';
import type { NodeReason } from './node-reasons.ts';

/** Each is in a list with its meaning and action, which the page of codes shows. */
export type EventReason = NodeReason | JobReason | ControllerReason | UpgradeReason;
