// Makes an unhandled member of a union a compile error, and a clear one at run time.

/** Throws; reaching it means that a union gained a member that a switch does not know. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
