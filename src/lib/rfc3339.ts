// Parses RFC 3339 times.

/** Seconds since the epoch (with fraction cut off) of an RFC 3339 time, or undefined when the text is none. */
export function epochSeconds(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined;
  const milliseconds = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}
