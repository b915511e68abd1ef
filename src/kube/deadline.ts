// One AbortSignal out of a time limit and the caller's own signal.

export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether time ran out (rather than the caller giving up). */
  readonly expired: boolean;
  /** Must be called in the end: frees the timer and the listener. */
  clear(): void;
}

/** Note: AbortSignal.any keeps its sources alive on a long-lived signal; this releases them. */
export function startDeadline(ms: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let expired = false;
  const stop = (): void => controller.abort(outer?.reason);
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new Error(`no answer within ${ms} ms`));
  }, ms);
  outer?.addEventListener('abort', stop, { once: true });
  if (outer?.aborted) stop();
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
}
