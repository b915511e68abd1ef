// A restored node keeps its own identity, and never signs with an older memory than it had.

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { copy } from '../../src/worker/backup/copy.ts';
import { restore, type RestoreResult } from '../../src/worker/restore/restore.ts';
import { NOT_ROOT } from '../support/not-root.ts';
import { copyParams, quiet, restoreParams } from './support/params.ts';
import { picture, tempDir } from './support/tree.ts';

const KEEP = ['config/node_key.json', 'config/priv_validator_key.json', 'secrets'];
const STATE = 'data/priv_validator_state.json';

function state(height: string, step = 3): string {
  return JSON.stringify({ height, round: 0, step, signature: `sig-${height}` });
}

/** Files of a node's home: path → content. */
type Home = Readonly<Record<string, string>>;

function write(home: string, files: Home): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), content);
  }
}

const SOURCE: Home = {
  'config/config.toml': 'from the backup',
  'config/node_key.json': 'key of the source',
  'config/priv_validator_key.json': 'validator key of the source',
  'secrets/token': 'of the source',
  'data/blocks': 'blocks 1 to 50',
  [STATE]: state('50'),
};

interface Restored {
  readonly result: RestoreResult;
  readonly read: (path: string) => string;
  readonly home: string;
}

async function restored(own: Home, source: Home = SOURCE): Promise<Restored> {
  const dir = tempDir();
  write(join(dir, 'source'), source);
  await copy(copyParams(join(dir, 'source'), join(dir, 'backup')), quiet());
  const home = join(dir, 'home');
  mkdirSync(home);
  write(home, own);
  const request = restoreParams(join(dir, 'backup'), home, { keep: KEEP, signerState: [STATE] });
  const result = await restore(request, quiet());
  return { result, home, read: (path) => readFileSync(join(home, path), 'utf8') };
}

it.skipIf(NOT_ROOT)(
  "keeps the node's own files, with their mode and owner, and takes the rest from the backup",
  async () => {
    const dir = tempDir();
    write(join(dir, 'source'), SOURCE);
    await copy(copyParams(join(dir, 'source'), join(dir, 'backup')), quiet());
    const home = join(dir, 'home');
    write(home, { 'config/node_key.json': 'own key', 'config/config.toml': 'own', 'secrets/own/deep': 'secret' });
    chmodSync(join(home, 'config/node_key.json'), 0o400);
    chownSync(join(home, 'config/node_key.json'), 1000, 1001);
    const request = restoreParams(join(dir, 'backup'), home, { keep: KEEP });
    await restore(request, quiet());
    const read = (path: string): string => readFileSync(join(home, path), 'utf8');
    expect(read('config/node_key.json')).toBe('own key');
    expect(statSync(join(home, 'config/node_key.json'))).toMatchObject({ uid: 1000, gid: 1001, mode: 0o100400 });
    expect(read('config/config.toml')).toBe('from the backup');
    expect(read('secrets/own/deep')).toBe('secret');
    expect(existsSync(join(home, 'secrets/token'))).toBe(false);
  },
);

it("does not give a node the source's validator key when it has none itself", async () => {
  const { home } = await restored({ 'config/node_key.json': 'own key' });
  expect(existsSync(join(home, 'config/priv_validator_key.json'))).toBe(false);
  expect(existsSync(join(home, 'secrets'))).toBe(false);
});

it('makes the directories that only the node has', async () => {
  const { read } = await restored({ 'config/node_key.json': 'own key' }, { 'data/blocks': 'x' });
  expect(read('config/node_key.json')).toBe('own key');
});

it.each([
  { own: state('90'), other: state('50'), kept: 'current', height: '90', because: 'the node signed more since' },
  { own: state('50'), other: state('90'), kept: 'backup', height: '90', because: 'the backup has seen more' },
  { own: state('50', 2), other: state('50', 3), kept: 'backup', height: '50', because: 'a step of one height counts' },
  { own: undefined, other: state('50'), kept: 'backup', height: '50', because: 'a fresh node has none' },
  { own: state('9'), other: undefined, kept: 'current', height: '9', because: 'the backup has none' },
])('signer state: $kept wins when $because', async ({ own, other, kept, height }) => {
  const source: Record<string, string> = { ...SOURCE };
  if (other === undefined) delete source[STATE];
  else source[STATE] = other;
  const { result, read } = await restored(own === undefined ? {} : { [STATE]: own }, source);
  expect(result.signerState).toMatchObject([{ path: STATE, kept }]);
  const winner = kept === 'current' ? own : other;
  expect(read(STATE)).toBe(winner);
  expect(JSON.parse(read(STATE))).toMatchObject({ height });
});

it.each([
  { own: 'not json', other: state('50'), because: "the node's is damaged" },
  { own: state('50'), other: '{"height":"x"}', because: "the backup's is damaged" },
])('refuses to guess when $because, and leaves everything as it was', async ({ own, other }) => {
  const dir = tempDir();
  write(join(dir, 'source'), { ...SOURCE, [STATE]: other });
  await copy(copyParams(join(dir, 'source'), join(dir, 'backup')), quiet());
  write(join(dir, 'home'), { [STATE]: own, 'data/blocks': 'own' });
  const before = picture(join(dir, 'home'));
  const request = restoreParams(join(dir, 'backup'), join(dir, 'home'), { signerState: [STATE] });
  await expect(restore(request, quiet())).rejects.toMatchObject({ code: 'SignerStateUnreadable' });
  const after = picture(join(dir, 'home'));
  expect(after).toEqual(before);
});

it('refuses to keep a file through a link', async () => {
  const dir = tempDir();
  write(join(dir, 'source'), SOURCE);
  await copy(copyParams(join(dir, 'source'), join(dir, 'backup')), quiet());
  mkdirSync(join(dir, 'home'));
  symlinkSync('/etc', join(dir, 'home', 'config'));
  const request = restoreParams(join(dir, 'backup'), join(dir, 'home'), { keep: ['config/passwd'] });
  await expect(restore(request, quiet())).rejects.toThrow(/config\/passwd/);
  expect(Object.keys(picture(join(dir, 'home')))).toEqual(['config']);
});

describe('scope entries', () => {
  it('replaces only what the copy has, and leaves the signer state beside it alone', async () => {
    const dir = tempDir();
    write(join(dir, 'source'), { 'chain_data/blocks': 'new', 'config.toml': 'of the source' });
    await copy(copyParams(join(dir, 'source'), join(dir, 'backup')), quiet());
    const home = join(dir, 'home');
    write(home, {
      'chain_data/blocks': 'old',
      'chain_data/gone': 'x',
      'config.toml': 'own',
      'logs/log': 'x',
      [STATE]: state('7'),
    });
    const own = { keep: ['config.toml', 'logs'], signerState: [STATE] };
    const result = await restore(restoreParams(join(dir, 'backup'), home, { ...own, scope: 'entries' }), quiet());
    expect(result).toMatchObject({ files: 2, signerState: [] });
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(join(home, path)).isFile(),
    );
    expect(Object.fromEntries(files.sort().map((path) => [path, readFileSync(join(home, path), 'utf8')]))).toEqual({
      'chain_data/blocks': 'new',
      'config.toml': 'own',
      [STATE]: state('7'),
      'logs/log': 'x',
    });
  });
});
