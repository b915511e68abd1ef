// Kubernetes quantities ("500m", "10Gi", "1e3"): https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
}; // prettier-ignore

/** The pattern of a non-negative quantity, for schemas. */
export const QUANTITY_PATTERN = /^[0-9]{1,18}(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2}|[KMGTPE]i|[numkMGTPE])?$/;

/** What a text must be that is none, with the quantity that was probably meant: `"10G" or "10Gi"` for `10GB`. */
export function wrongQuantity(text: unknown): string {
  const [, sign = '', digits = '', unit = ''] = PARTS.exec(String(text)) ?? [];
  const meant = digits === '' ? [] : unitsLike(unit).map((one) => `"${digits}${one}"`);
  const examples = meant.length === 0 ? '"500m", "4" or "100Gi"' : meant.join(' or ');
  return `must be a Kubernetes quantity${sign === '-' ? ' that is not negative' : ''} such as ${examples}`;
}

/** The units that a text may stand for. */
function unitsLike(unit: string): readonly string[] {
  if (/^(cores?|cpus?|bytes?|b)?$/i.test(unit)) return [''];
  const letter = /^([kmgtpe])(i?)b?$/i.exec(unit);
  if (letter === null) return [];
  const upper = (letter[1] ?? '').toUpperCase();
  return letter[2] === '' ? [upper === 'K' ? 'k' : upper, `${upper}i`] : [`${upper}i`];
}

/** Sign, digits and unit, as people write them. */
const PARTS = /^\s*([+-]?)([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{0,8})\s*$/;

/** The number a quantity stands for (bytes, cores), or undefined when the text is not a quantity. Precise to 53 bits. */
export function parseQuantity(text: string): number | undefined {
  if (!QUANTITY_PATTERN.test(text)) return undefined;
  const match = /^([0-9.]+)([eE][+-]?[0-9]+)?([a-zA-Z]*)$/.exec(text);
  if (match === null) return undefined;
  const [, digits = '', exponent = '', suffix = ''] = match;
  const factor = SUFFIX[suffix];
  return factor === undefined ? undefined : Number(`${digits}${exponent}`) * factor;
}

/** Whether two quantities stand for the same number; texts that are no quantities are compared as texts. */
export function sameQuantity(a: string, b: string): boolean {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  return left === undefined || right === undefined ? a === b : left === right;
}

/** Whether a quantity stands for a smaller number than another; a text that is none counts as zero. */
export function isSmaller(one: string, other: string): boolean {
  return (parseQuantity(one) ?? 0) < (parseQuantity(other) ?? 0);
}

/** Bytes in the largest binary unit that keeps it short: `1.5 GiB`. For display only. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value >= 100 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
