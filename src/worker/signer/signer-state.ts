// Which of two CometBFT signer states is the newer one: the last height, round and step a validator signed.

import { z } from 'zod';

import { clip } from '../../lib/clip.ts';
import { TaskError } from '../task-error.ts';

/**
 * `privval.FilePVLastSignState` of CometBFT: the height is an int64 as text, round an int32, step 0 (nothing yet) to 3
 * (precommit). Signature and sign bytes belong to the same message and are never taken apart.
 */
const SignerState = z.object({
  height: z.string().regex(/^[0-9]{1,19}$/),
  round: z.int().min(0).max(0x7fffffff),
  step: z.int().min(0).max(3),
});

export interface SignerState {
  readonly height: bigint;
  readonly round: number;
  readonly step: number;
}

/** The state in a file's text; throws `SignerStateUnreadable`, because guessing could make a validator sign twice. */
export function parseSignerState(text: string, where: string): SignerState {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const parsed = SignerState.safeParse(json);
  if (!parsed.success)
    throw new TaskError(
      'SignerStateUnreadable',
      `${clip(where)} is no signer state (height, round, step); nothing was changed: repair it first`,
    );
  return { ...parsed.data, height: BigInt(parsed.data.height) };
}

/** Whether `a` is later than `b`. */
export function isNewer(a: SignerState, b: SignerState): boolean {
  if (a.height !== b.height) return a.height > b.height;
  if (a.round !== b.round) return a.round > b.round;
  return a.step > b.step;
}

export function describeSignerState({ height, round, step }: SignerState): string {
  return `${height}/${round}/${step}`;
}
