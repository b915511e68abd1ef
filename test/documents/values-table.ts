// The table of the chart's values, from the comments in values.yaml.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';

import { ROOT, table } from './sections.ts';

/** One row for every value. */
export async function valuesTable(): Promise<string> {
  return table(
    ['Value', 'Default', 'Meaning'],
    (await describedValues()).map(({ path, preset, comment }) => [`\`${path}\``, `\`${preset}\``, comment]),
  );
}

/** Throws for a value without a comment, because only its author can say what it is for. */
export async function describedValues(): Promise<readonly Row[]> {
  const document = parseDocument(await readFile(join(ROOT, 'charts/nodewright/values.yaml'), 'utf8'));
  if (!isMap(document.contents)) throw new Error('values.yaml is no map');
  const rows = rowsOf(document.contents, []);
  const silent = rows.filter(({ comment }) => comment === '').map(({ path }) => path);
  if (silent.length > 0) throw new Error(`values.yaml: describe in a comment: ${silent.join(', ')}`);
  return rows;
}

interface Row {
  readonly path: string;
  readonly preset: string;
  readonly comment: string;
}

/** A map that has a comment of its own is one value, e.g. `resources`; without one, each of its members is. */
function rowsOf(map: YAMLMap, parents: readonly string[]): readonly Row[] {
  return map.items.flatMap((pair, index) => {
    const path = [...parents, isScalar(pair.key) ? String(pair.key.value) : ''];
    const comment = commentOf(pair, index === 0 ? map : undefined);
    if (isMap(pair.value) && pair.value.items.length > 0 && comment === '') return rowsOf(pair.value, path);
    const value: unknown = JSON.parse(JSON.stringify(pair.value));
    return [{ path: path.join('.'), preset: JSON.stringify(value), comment }];
  });
}

/** Only the paragraph right above counts. The parser gives the first pair's comment to the map that begins with it. */
function commentOf({ key }: Pair, owner: YAMLMap | undefined): string {
  const own = isScalar(key) ? (key.commentBefore ?? '') : '';
  const text = own === '' ? (owner?.commentBefore ?? '') : own;
  return (text.split(/\n\s*\n/).at(-1) ?? '').replaceAll(/\s+/g, ' ').trim();
}
