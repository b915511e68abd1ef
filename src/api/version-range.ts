// Ranges of versions as the policy writes them: comparisons that must all hold, such as `>=0.2.0 <1.0.0`.

interface Version {
  readonly numbers: readonly [number, number, number];
  /** What stands after `-`; a version with it comes before the one without. */
  readonly pre: string;
}

const VERSION = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]{1,64}))?(?:\+[0-9A-Za-z.-]{1,64})?$/;
const COMPARISON = /^(>=|<=|>|<|=)?(\S+)$/;

/** https://semver.org, with an optional `v`. */
function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, pre = ''] = VERSION.exec(text) ?? [];
  return major === undefined ? undefined : { numbers: [Number(major), Number(minor), Number(patch)], pre };
}

/** Whether `text` is a range that `inRange` understands. */
export function isVersionRange(text: string): boolean {
  return partsOf(text).every((part) => parseVersion(COMPARISON.exec(part)?.[2] ?? '') !== undefined);
}

/** Undefined when `version` is not a version at all, such as `latest`. */
export function inRange(version: string, range: string): boolean | undefined {
  const has = parseVersion(version);
  if (has === undefined) return undefined;
  return partsOf(range).every((part) => {
    const [, operator = '=', text = ''] = COMPARISON.exec(part) ?? [];
    const limit = parseVersion(text);
    return limit !== undefined && holds(operator, compare(has, limit));
  });
}

function partsOf(range: string): readonly string[] {
  return range.trim().split(/\s+/);
}

function holds(operator: string, order: number): boolean {
  if (order === 0) return operator.includes('=');
  return order > 0 ? operator.startsWith('>') : operator.startsWith('<');
}

function compare(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1;
  return comparePre(a.pre.split('.'), b.pre.split('.'));
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = comparePart(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come before texts. */
function comparePart(a: string, b: string): number {
  const areNumbers = [a, b].map((part) => /^\d+$/.test(part));
  if (areNumbers[0] === true && areNumbers[1] === true) return Number(a) - Number(b);
  if (areNumbers[0] !== areNumbers[1]) return areNumbers[0] === true ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
