// Distinguishes an object that the API server refuses from an API server that does not answer.

import type { ErrorCode } from '../../lib/error-codes.ts';
import { hasCode } from '../../lib/errors.ts';

/** Refused for this object alone: RBAC, admission, quota, validation, a conflict, a failed webhook, a missing namespace. */
const REFUSALS: readonly ErrorCode[] = [
  'FORBIDDEN',
  'INVALID',
  'CONFLICT',
  'ALREADY_EXISTS',
  'NOT_FOUND',
  'NOT_SERVED',
  'TOO_LARGE',
  'SERVER',
];

/** Of those, the ones that can end without a change of the object. */
const PASSING: readonly ErrorCode[] = ['CONFLICT', 'SERVER'];

/** false: the API server did not answer, so that other objects would fare no better. */
export function isRefusal(error: unknown): boolean {
  return hasCode(error, ...REFUSALS);
}

export function isPassing(error: unknown): boolean {
  return hasCode(error, ...PASSING);
}
