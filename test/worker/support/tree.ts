// Builds directory trees for tests and reads them back, byte for byte; names are bytes as latin1 text.

import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { onTestFinished } from 'vitest';

/** A directory that is gone after the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nodewright-work-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export type Plant =
  | { readonly kind: 'file'; readonly content: string; readonly mode: number; readonly uid: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'dir'; readonly mode: number; readonly uid: number; readonly below: Plants };
export type Plants = Readonly<Record<string, Plant>>;

/** Only root gives files away; for everybody else all of a tree is theirs. */
const MAY_GIVE_AWAY = process.getuid?.() === 0;

/** Makes the tree in an existing directory; times are fixed, so that only a copy that keeps them passes. */
export function plant(dir: Buffer | string, plants: Plants): void {
  for (const [name, one] of Object.entries(plants)) {
    const path = Buffer.concat([Buffer.from(dir), Buffer.from(`/${name}`, 'latin1')]);
    if (one.kind === 'link') {
      symlinkSync(one.target, path);
      if (MAY_GIVE_AWAY) lchownSync(path, 7, 8);
      lutimesSync(path, 1_234_567_890.5, 1_234_567_890.5);
      continue;
    }
    if (one.kind === 'file') writeFileSync(path, Buffer.from(one.content, 'latin1'));
    else {
      mkdirSync(path);
      plant(path, one.below);
    }
    if (MAY_GIVE_AWAY) chownSync(path, one.uid, one.uid + 1);
    chmodSync(path, one.mode);
    utimesSync(path, 1_600_000_000.123_456, 1_600_000_000.123_456);
  }
}

/** Path → everything that a restore must bring back. Times in microseconds. Names in `without` at the top are left out. */
export function picture(dir: string, without: RegExp = /^lost\+found$/): Record<string, string> {
  const found: Record<string, string> = {};
  readInto({ found, without }, Buffer.from(dir), '');
  return found;
}

interface Picture {
  readonly found: Record<string, string>;
  readonly without: RegExp;
}

function readInto(made: Picture, dir: Buffer, prefix: string): void {
  const { found, without } = made;
  for (const name of readdirSync(dir, { encoding: 'latin1' }).sort()) {
    if (prefix === '' && without.test(name)) continue;
    const path = Buffer.concat([dir, Buffer.from(`/${name}`, 'latin1')]);
    const stats = lstatSync(path);
    const head = `${stats.uid}:${stats.gid} ${Math.round(stats.mtimeMs * 1000)}`;
    const mode = (stats.mode & 0o7777).toString(8);
    const key = `${prefix}${name}`;
    if (stats.isSymbolicLink()) found[key] = `link ${head} ${readlinkSync(path, { encoding: 'latin1' })}`;
    else if (stats.isDirectory()) {
      found[key] = `dir ${mode} ${head}`;
      readInto(made, path, `${key}/`);
    } else if (stats.isFile()) found[key] = `file ${mode} ${head} ${readFileSync(path).toString('latin1')}`;
    else found[key] = `special ${mode}`;
  }
}

const name = fc
  .oneof(
    fc.constantFrom(
      'a',
      'b',
      'data',
      'CURRENT',
      '000012.sst',
      'new\nline',
      'per%cent',
      '%41',
      'gr\xc3\xbc\xc3\x9f',
      '\xff\xfe',
      ' ',
    ),
    fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 9,
    }),
  )
  .filter((text) => text !== '.' && text !== '..' && !text.includes('/') && !text.startsWith('.nodewright'));

const uid = fc.constantFrom(0, 1000, 65_534);
const content = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

/** Small trees with odd names, odd modes, other owners, links to anywhere. */
export const anyTree: fc.Arbitrary<Plants> = fc.letrec<{ tree: Plants; node: Plant }>((tie) => ({
  tree: fc.dictionary(name, tie('node'), { maxKeys: 4, noNullPrototype: true }),
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({ kind: fc.constant('file' as const), content, mode: fc.constantFrom(0o600, 0o644, 0o400, 0o4755), uid }),
    fc.record({ kind: fc.constant('link' as const), target: fc.constantFrom('nowhere', '/etc/passwd', '../..', 'a') }),
    fc.record({
      kind: fc.constant('dir' as const),
      mode: fc.constantFrom(0o700, 0o755, 0o555, 0o2775),
      uid,
      below: tie('tree'),
    }),
  ),
})).tree;
