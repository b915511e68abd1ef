// Converts times between milliseconds and RFC 3339 text.

import { epochSeconds } from './rfc3339.ts';

/** Milliseconds since the epoch as RFC 3339 in UTC, whole seconds: `2026-11-22T04:19:00Z`. */
export function timestamp(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch of an RFC 3339 time, or undefined when the text is none. Precise to the second. */
export function millisecondsOf(text: string): number | undefined {
  const seconds = epochSeconds(text);
  return seconds === undefined ? undefined : seconds * 1000;
}
