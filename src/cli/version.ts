// The version of this program, from package.json.

import { readFileSync } from 'node:fs';

/** `0.1.0`; NODEWRIGHT_VERSION overrides it, for images with another tag. */
export function version(): string {
  const override = process.env['NODEWRIGHT_VERSION'];
  if (override !== undefined && override !== '') return override;
  const content: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof content === 'object' && content !== null && 'version' in content) return String(content.version);
  return 'unknown';
}
