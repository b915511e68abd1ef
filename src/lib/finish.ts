// Work that pauses, done without its pauses: for callers that have nothing else to do meanwhile.

export function finish<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
