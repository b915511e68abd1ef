// Many small reads at once, but not all at once.

/** `task` for every item, at most `atOnce` of them at a time; results in the items' order. Fails with the first failure. */
export async function mapAtMost<T, R>(
  atOnce: number,
  items: readonly T[],
  task: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
