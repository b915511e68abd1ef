// Reads a manifest as a stream and trusts nothing in it.

import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';

import { clip } from '../../lib/clip.ts';
import { lookup } from '../../lib/lookup.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { Dir } from '../files/dir.ts';
import { EntryOrder } from './entry-order.ts';
import { addEntry, MANIFEST_FORMAT, MANIFEST_NAME, ManifestEntry, ManifestFoot, ManifestHead } from './manifest.ts';
import { NO_TOTALS, type VolumeTotals } from '../files/totals.ts';
import { readName, whyUnsafe } from '../files/names.ts';
import { toTaskError, TaskError } from '../task-error.ts';

/** An entry with its path and its target as bytes; the root's path is ''. */
export interface ReadEntry {
  readonly entry: ManifestEntry;
  readonly path: string;
  readonly target: string;
}

export type ManifestPart =
  | { readonly part: 'head'; readonly head: ManifestHead }
  | ({ readonly part: 'entry' } & ReadEntry)
  | { readonly part: 'foot'; readonly foot: ManifestFoot; readonly sha256: string };

/**
 * Head, entries, foot, in this order; the foot comes only when the whole file was sound. Throws `SourceMissing`,
 * `UnknownFormat` or `ManifestUnreadable`.
 */
export function* readManifest(backup: Dir): Generator<ManifestPart, void> {
  const lines = readLines(backup);
  const head = headOf(lines.next().value);
  yield { part: 'head', head };
  const order = new EntryOrder();
  const totals: Record<string, VolumeTotals> = Object.fromEntries(head.volumes.map((name) => [name, NO_TOTALS]));
  for (const line of lines) {
    if (line.sha256 !== undefined) break;
    if (line.text.startsWith('],"end":')) {
      const foot = footOf(line.text, totals);
      const last = lines.next().value;
      if (last?.sha256 === undefined) throw unreadable('there is text after its end');
      yield { part: 'foot', foot, sha256: last.sha256 };
      return;
    }
    const read = entryOf(line.text, line.number);
    const { volume, type } = read.entry;
    const before = lookup(totals, volume);
    const why =
      before === undefined ? 'belongs to no volume of this backup' : order.accept(volume, read.path, type === 'dir');
    if (why !== undefined || before === undefined)
      throw unreadable(`line ${line.number}: ${clip(read.entry.path)} ${why}`);
    totals[volume] = addEntry(before, read.entry);
    yield { part: 'entry', ...read };
  }
  throw unreadable('its end is missing');
}

function headOf(line: Line | void): ManifestHead {
  const json = line?.text?.endsWith(',"entries":[') === true ? parseJson(`${line.text.slice(0, -12)}}`) : undefined;
  if (json === undefined) throw unreadable('its first line is not that of a manifest');
  const format = typeof json === 'object' && json !== null && 'format' in json ? json.format : undefined;
  if (format !== MANIFEST_FORMAT)
    throw new TaskError(
      'UnknownFormat',
      `the backup has the format ${clip(String(format))}, this version knows ${MANIFEST_FORMAT}; use the version that made it`,
    );
  const head = ManifestHead.safeParse(json);
  if (!head.success) throw unreadable(`its head: ${firstIssue(head.error)}`);
  return head.data;
}

function entryOf(text: string, number: number): ReadEntry {
  const parsed = ManifestEntry.safeParse(parseJson(text.endsWith(',') ? text.slice(0, -1) : text));
  if (!parsed.success) throw unreadable(`line ${number}: ${firstIssue(parsed.error)}`);
  const entry = parsed.data;
  const path = entry.path === '.' ? '' : pathOf(entry.path, number);
  if (entry.type === 'hardlink') return { entry, path, target: pathOf(entry.target, number) };
  const target = entry.type === 'symlink' ? readName(entry.target) : '';
  // A link's text may be anything: it is restored, never followed. A NUL can't be in one.
  if (target === undefined || target.includes('\0')) throw unreadable(`line ${number}: its link target is misspelled`);
  return { entry, path, target };
}

function pathOf(text: string, number: number): string {
  const path = readName(text);
  const why = path === undefined ? 'is misspelled' : whyUnsafe(path);
  if (path === undefined || why !== undefined) throw unreadable(`line ${number}: the path ${clip(text)} ${why}`);
  return path;
}

function footOf(text: string, totals: Readonly<Record<string, VolumeTotals>>): ManifestFoot {
  const foot = ManifestFoot.safeParse(parseJson(text.slice('],"end":'.length, -1)));
  if (!text.endsWith('}') || !foot.success) throw unreadable('its last line is damaged');
  if (!sameJson(foot.data.totals, totals)) throw unreadable('its totals are not those of its entries');
  return foot.data;
}

interface Line {
  readonly text: string;
  readonly number: number;
  /** Of the whole file; only on the last, empty, line. */
  readonly sha256?: string;
}

const MAX_LINE = 1 << 20;

function* readLines(backup: Dir): Generator<Line, void> {
  const fd = openManifest(backup);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(1 << 18);
    let rest = '';
    let number = 0;
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      const chunk = buffer.subarray(0, count);
      hash.update(chunk);
      // Bytes, not UTF-8: a chunk may end within a character.
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw unreadable(`line ${number + lines.length + 1} is too long`);
      for (const text of lines) yield { text: utf8(text), number: (number += 1) };
    }
    if (rest !== '') throw unreadable('its end is missing');
    yield { text: '', number: number + 1, sha256: hash.digest('hex') };
  } finally {
    closeSync(fd);
  }
}

function openManifest(backup: Dir): number {
  try {
    return openSync(backup.at(MANIFEST_NAME), constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (!backup.has(MANIFEST_NAME))
      throw new TaskError('SourceMissing', `there is no whole backup: ${MANIFEST_NAME} is missing`, { cause: error });
    throw toTaskError(error, `opening ${MANIFEST_NAME}`);
  }
}

function utf8(bytes: string): string {
  return /^[ -~]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstIssue(error: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  const issue = error.issues[0];
  return issue === undefined ? 'is damaged' : `${issue.path.map(String).join('.')}: ${issue.message}`;
}

function unreadable(what: string): TaskError {
  return new TaskError(
    'ManifestUnreadable',
    `the backup's manifest can't be trusted: ${what}; restore from another backup`,
  );
}
