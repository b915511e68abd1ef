// Finds the name that was probably intended.

/** The advice on a name that is not known: `did you mean "ethereum"?`, or `otherwise`, which lists what is known. */
export function didYouMean(name: unknown, candidates: readonly string[], otherwise: string): string {
  const meant = typeof name === 'string' ? nearest(name, candidates) : undefined;
  return meant === undefined ? otherwise : `did you mean "${meant}"?`;
}

/**
 * The candidate closest to `name` by edit distance, or undefined when none is close: at most a third of the letters
 * (two of five to eight, one of fewer) may differ, and case and separators do not count. Else the only word that
 * begins with it (`eth`). Long inputs are never compared.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const target = plain(name);
  let best: string | undefined;
  const most = target.length < 5 ? 1 : Math.max(2, Math.floor(target.length / 3));
  let bestDistance = most + 1;
  for (const candidate of candidates) {
    const other = plain(candidate);
    // Each letter more or less is one edit.
    if (Math.abs(other.length - target.length) >= bestDistance) continue;
    const distance = editDistance(target, other);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best ?? onlyLonger(target, candidates);
}

function onlyLonger(start: string, candidates: readonly string[]): string | undefined {
  const [longer, second] =
    start.length < 3 ? [] : candidates.filter((one) => /^[A-Za-z][a-z]*$/.test(one) && plain(one).startsWith(start));
  return second === undefined ? longer : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, '');
}

/** Optimal string alignment distance (two exchanged neighbours count as one edit), two rows at a time. */
function editDistance(a: string, b: string): number {
  const areExchanged = (i: number, j: number): boolean =>
    i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const exchange = areExchanged(i, j) ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replace, exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
