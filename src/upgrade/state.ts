// The state of an upgrade, as the annotation of the Deployment holds it: what either version needs to finish it or take it back.

import { z } from 'zod';

import { UPGRADE_FAILURES, type UpgradeFailure } from '../api/codes/upgrade-reasons.ts';
import { stableJson } from '../lib/stable-json.ts';

/** Of the annotation. */
export const UPGRADE_ANNOTATION = 'validatoros.com/upgrade';

/**
 * The format of what a controller stores: its memory, job records, reservations and this annotation. A version reads every
 * format up to its own. Raise it with a change that the previous version could not read.
 */
export const STATE_FORMAT = 1;

/** On the image: the STATE_FORMAT of the version in it. */
export const STATE_FORMAT_LABEL = 'com.validatoros.state.format';

/**
 * `Rolling`: the Deployment has the new image, the old version leads. `Standby`: the new version runs and may take over.
 * `Leading`: it took the Lease. `Complete` and `Failed` are final.
 */
export const UpgradePhase = z.enum(['Rolling', 'Standby', 'Leading', 'Complete', 'Failed']);
export type UpgradePhase = z.infer<typeof UpgradePhase>;

const Image = z.string().min(1).max(1024);
const Time = z.number().int().min(0);
const failures = Object.keys(UPGRADE_FAILURES) as [UpgradeFailure, ...UpgradeFailure[]];

export const UpgradeState = z.object({
  executor: z.string().max(63),
  /** What of fleet.yaml asked for it: a final state stands until this changes. */
  request: z.string().max(512),
  version: z.string().max(256),
  /** The image that runs again when the new one fails. */
  from: Image,
  to: Image,
  phase: UpgradePhase,
  /** Milliseconds since the epoch. */
  startedAt: Time,
  deadlineAt: Time,
  reason: z.enum(failures).optional(),
  message: z.string().max(2000).optional(),
});
export type UpgradeState = Readonly<z.infer<typeof UpgradeState>>;

/** Undefined for a text that no version wrote: then there is no upgrade under way. */
export function readUpgradeState(text: string | undefined): UpgradeState | undefined {
  if (text === undefined) return undefined;
  try {
    return UpgradeState.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export function writeUpgradeState(state: UpgradeState): string {
  return stableJson(state);
}

export type UpgradeUnderWay = UpgradeState & { readonly phase: 'Rolling' | 'Standby' | 'Leading' };

export function isUnderWay(state: UpgradeState | undefined): state is UpgradeUnderWay {
  return state !== undefined && state.phase !== 'Complete' && state.phase !== 'Failed';
}
