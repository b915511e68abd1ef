// Work that pauses, so that other tasks get a turn.

/** Without the pauses, for callers that have nothing else to do meanwhile. */
export function finish<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** `change` of every item, with a pause after each. */
export function* mapInSteps<T, R>(items: readonly T[], change: (item: T) => R): Generator<void, readonly R[]> {
  const results: R[] = [];
  for (const item of items) {
    results.push(change(item));
    yield;
  }
  return results;
}
