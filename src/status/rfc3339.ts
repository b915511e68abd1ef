// Time as Kubernetes writes it.

/** Milliseconds since the epoch → `2026-01-31T12:00:00Z`. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
