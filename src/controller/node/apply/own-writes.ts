// Distinguishes what the watches show of our own writes from the changes of others, so that a write wakes no node.

export interface OwnWrites {
  /** Runs a write of the object. What the watch shows of the version that it returns is no news; undefined: all is news. */
  during<T>(id: string, write: () => Promise<T>, versionOf: (written: T) => string | undefined): Promise<T>;
  /** Calls `tell` unless this version of the object is our own write; while one is under way, at its end. */
  unlessOwn(id: string, version: string | undefined, tell: () => void): void;
}

interface Shown {
  readonly version: string | undefined;
  readonly tell: () => void;
}

export function createOwnWrites(): OwnWrites {
  /** What the watch has shown meanwhile. */
  const underWay = new Map<string, Shown[]>();
  /** Versions that the watch has not shown yet. */
  const expected = new Map<string, string>();

  function end(id: string, version: string | undefined): void {
    const shown = underWay.get(id) ?? [];
    underWay.delete(id);
    const others = shown.filter((one) => version === undefined || one.version !== version);
    if (version !== undefined && others.length === shown.length) expected.set(id, version);
    for (const { tell } of others) tell();
  }

  return {
    async during(id, write, versionOf) {
      // Of two writes at once neither is known as ours: both are news.
      if (underWay.has(id)) return await write();
      underWay.set(id, []);
      let version: string | undefined;
      try {
        const written = await write();
        version = versionOf(written);
        return written;
      } finally {
        end(id, version);
      }
    },
    unlessOwn(id, version, tell) {
      const shown = underWay.get(id);
      if (shown !== undefined) return void shown.push({ version, tell });
      const isOwn = version !== undefined && expected.get(id) === version;
      expected.delete(id);
      if (!isOwn) tell();
    },
  };
}
