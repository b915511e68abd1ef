// Which failures are worth another try.

import { describe, expect, it } from 'vitest';

import type { KubeErrorCode } from '../../src/lib/error-codes.ts';
import { KubeError, type KubeErrorFacts } from '../../src/kube/kube-error.ts';
import { parseRetryAfter, retryWait } from '../../src/kube/retry.ts';

interface Row {
  readonly because: string;
  readonly code: KubeErrorCode;
  readonly facts?: KubeErrorFacts;
  readonly idempotent: boolean;
  readonly attempt?: number;
  readonly again: boolean;
}

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('retryWait', () => {
  it.each<Row>([
    { because: 'refused before anything was done', code: 'TOO_MANY_REQUESTS', idempotent: false, again: true },
    { because: 'a lost answer of a create may hide a success', code: 'NETWORK', idempotent: false, again: false },
    {
      because: 'a create that was never sent may be sent',
      code: 'NETWORK',
      facts: { cause: refused },
      idempotent: false,
      again: true,
    },
    { because: 'an apply may be sent twice', code: 'NETWORK', idempotent: true, again: true },
    {
      because: 'a server error may have acted',
      code: 'SERVER',
      facts: { status: 500 },
      idempotent: false,
      again: false,
    },
    {
      because: '503 with Retry-After did not act',
      code: 'SERVER',
      facts: { status: 503, retryAfterMs: 10 },
      idempotent: false,
      again: true,
    },
    { because: 'our own time limit was long enough', code: 'TIMEOUT', idempotent: true, again: false },
    { because: 'a token may just have been rotated', code: 'UNAUTHORIZED', idempotent: false, again: true },
    { because: 'but not twice', code: 'UNAUTHORIZED', idempotent: true, attempt: 2, again: false },
    { because: 'an invalid object stays invalid', code: 'INVALID', idempotent: true, again: false },
    { because: 'a conflict needs a fresh look', code: 'CONFLICT', idempotent: true, again: false },
    { because: 'five times is enough', code: 'NETWORK', idempotent: true, attempt: 5, again: false },
    {
      because: 'an hour is for the caller to wait',
      code: 'TOO_MANY_REQUESTS',
      facts: { retryAfterMs: 3_600_000 },
      idempotent: true,
      again: false,
    },
  ])('$code: $because', ({ code, facts, idempotent, attempt = 1, again }) => {
    const waitMs = retryWait(new KubeError(code, 'x', facts), idempotent, attempt);
    expect(waitMs !== undefined).toBe(again);
  });

  it('waits at least as long as the server asks', () => {
    const error = new KubeError('TOO_MANY_REQUESTS', 'x', { retryAfterMs: 9000 });
    expect(retryWait(error, true, 1)).toBe(9000);
  });

  it('passes on what is no KubeError: a bug of ours', () => {
    expect(retryWait(new TypeError('x'), true, 1)).toBeUndefined();
  });
});

it.each([
  ['3', 3000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 30_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After %s is %s ms', (value, expected) => {
  expect(parseRetryAfter(value, 30_000)).toBe(expected);
});
