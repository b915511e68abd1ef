// Says what is happening and how long it took: one line a part, readable in a terminal and in a build log.

const SLOW_MS = 15_000;

/** Runs `work`, printing `label` with the seconds it took; work that is slow says every 15 s that it still runs. */
export async function part<T>(label: string, work: () => Promise<T>): Promise<T> {
  const begin = Date.now();
  const timer = setInterval(() => say(`${seconds(begin)}  ${label} ...`), SLOW_MS);
  try {
    const result = await work();
    say(`${seconds(begin)}  ${label}`);
    return result;
  } catch (error) {
    say(`${seconds(begin)}  ${label}: failed`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** One line for people. On stderr, so that `cluster kubeconfig` can be used in a script. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function seconds(begin: number): string {
  return `${((Date.now() - begin) / 1000).toFixed(1).padStart(6)} s`;
}
