// Durations in options and files: "500ms", "30s", "5m", "1h30m", "2d".

const UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_MS = 3650 * 86_400_000;

/** The pattern of a duration, for schemas. Each part is a number with a unit, largest first by custom, not by rule. */
export const DURATION_PATTERN = /^([0-9]{1,9}(ms|s|m|h|d)){1,5}$/;

/** Milliseconds, or undefined when the text is no duration or longer than ten years. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9]+)(ms|s|m|h|d)/g))
    total += Number(amount) * (UNIT[unit] ?? 0);
  return total <= MAX_MS ? total : undefined;
}
