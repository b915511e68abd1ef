// Why an object is updated, in one sentence.

import { clip } from '../lib/clip.ts';
import type { Change } from './action.ts';

/** `clients.el.version changed in nodes/eth.yaml`, or that it changed in the cluster. */
export function describeChanges(
  changes: readonly Change[],
  { file, drift }: { readonly file: string; readonly drift: boolean },
): string {
  const [first, ...rest] = changes.map(({ path }) => clip(path.replace(/^spec\./, ''), 120));
  const others = rest.length === 1 ? ` and ${rest[0]}` : ` and ${rest.length} more fields`;
  const what = `${first ?? 'nothing'}${rest.length === 0 ? '' : others}`;
  return drift ? `${what} changed in the cluster, not in ${file}` : `${what} changed in ${file}`;
}
