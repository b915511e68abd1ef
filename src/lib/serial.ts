// Runs one task at a time, for resources with one writer, such as a Git directory.

/** A function that runs tasks one after another; a failed task does not stop the following ones. */
export function createSerial(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => undefined);
    return next;
  };
}
