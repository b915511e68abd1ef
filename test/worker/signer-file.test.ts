// The signer state of a stopped node: read whole, replaced whole, never through a link, never under another hand's.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { ReadSignerParameters, WriteSignerParameters } from '../../src/api/worker-task.ts';
import { perform } from '../../src/worker/perform.ts';
import { quiet } from './support/params.ts';
import { spawnVerb } from './support/spawn-verb.ts';
import { tempDir } from './support/tree.ts';

const PLAIN = 'data/priv_validator_state.json';
const ASIDE = `${PLAIN}.secret`;
const PATHS = [PLAIN, ASIDE];

/** As CometBFT writes it (libs/json with indent), with a signature of its usual length. */
function state(height: number, step = 3): string {
  const signature = Buffer.alloc(64, height).toString('base64');
  const signbytes = Buffer.alloc(120, height).toString('hex').toUpperCase();
  return `${JSON.stringify({ height: String(height), round: 0, step, signature, signbytes }, null, 2)}\n`;
}

function volume(files: Readonly<Record<string, string>>): string {
  const at = tempDir();
  mkdirSync(join(at, 'data'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(at, path), text, { mode: 0o600 });
  return at;
}

const read = async (at: string) =>
  await perform(ReadSignerParameters.parse({ verb: 'readSigner', at, paths: PATHS }), quiet());

function writing(at: string, text: string, expected: readonly string[]): WriteSignerParameters {
  return WriteSignerParameters.parse({ verb: 'writeSigner', at, paths: PATHS, text, expect: expected });
}

const write = async (at: string, text: string, expected: readonly string[]) =>
  await perform(writing(at, text, expected), quiet());

const textIn = (at: string, path = PLAIN): string => readFileSync(join(at, path), 'utf8');

it.each([
  { because: 'the file, byte for byte', files: { [PLAIN]: state(7) }, text: state(7) },
  { because: 'nothing where there is none', files: {}, text: '' },
  {
    because: 'the file in use, though a copy lies beside it',
    files: { [PLAIN]: state(9), [ASIDE]: state(7) },
    text: state(9),
  },
  {
    because: 'the copy beside it while it is later: the node ran on a key of its own',
    files: { [PLAIN]: state(3), [ASIDE]: state(7) },
    text: state(7),
  },
])('reads $because', async ({ files, text }) => {
  expect(await read(volume(files))).toMatchObject({ ok: true, text });
});

it.each([
  { because: 'half a file', text: state(7).slice(0, 60), code: 'SignerStateUnreadable' },
  { because: 'an empty file', text: '', code: 'SignerStateUnreadable' },
  { because: 'more than a signer state', text: `${state(7)}${' '.repeat(1024)}`, code: 'SignerStateUnreadable' },
  { because: 'bytes that are no text', text: state(7).replace('signature', '\u0001'), code: 'SignerStateUnreadable' },
])('refuses $because', async ({ text, code }) => {
  await expect(read(volume({ [PLAIN]: text }))).rejects.toMatchObject({ code, swapped: false });
});

it('follows no link, in reading and in writing', async () => {
  const at = volume({ 'elsewhere.json': state(7) });
  symlinkSync('../elsewhere.json', join(at, PLAIN));
  await expect(read(at)).rejects.toMatchObject({ code: 'UnsafePath' });
  await expect(write(at, state(9), [state(7)])).rejects.toMatchObject({ code: 'UnsafePath', swapped: false });
  expect(textIn(at, 'elsewhere.json')).toBe(state(7));

  const outside = volume({ [PLAIN]: state(7) });
  const other = tempDir();
  symlinkSync(join(outside, 'data'), join(other, 'data'));
  await expect(write(other, state(9), [state(7)])).rejects.toMatchObject({ swapped: false });
  expect(textIn(outside)).toBe(state(7));
});

it('writes the file with its mode, and the copy beside it, which would come back in its place', async () => {
  const at = volume({ [PLAIN]: state(7), [ASIDE]: state(5) });
  expect(await write(at, state(3), [state(7), state(3)])).toMatchObject({ ok: true, swapped: true });
  expect([textIn(at), textIn(at, ASIDE)]).toEqual([state(3), state(3)]);
  expect(statSync(join(at, PLAIN)).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(at, 'data'))).toEqual([PLAIN, ASIDE].map((path) => path.slice('data/'.length)));
});

it('makes no copy where there was none, and may write the same again', async () => {
  const at = volume({ [PLAIN]: state(7) });
  for (let time = 0; time < 2; time++) await write(at, state(9), [state(7)]);
  expect(textIn(at)).toBe(state(9));
  expect(existsSync(join(at, ASIDE))).toBe(false);
});

it.each([
  { because: 'the node has signed meanwhile', now: state(8) },
  { because: 'the node has signed one step more', now: state(7, 2) },
])('writes nothing when $because', async ({ now }) => {
  const at = volume({ [PLAIN]: now });
  const refused = { code: 'SignerStateChanged', swapped: false };
  await expect(write(at, state(9), [state(7), state(9)])).rejects.toMatchObject(refused);
  expect(textIn(at)).toBe(now);
  unlinkSync(join(at, PLAIN));
  await expect(write(at, state(9), [state(7), state(9)])).rejects.toMatchObject(refused);
});

it('killed after any step on disk, has the old or the new text, and the next run finishes', async () => {
  for (let kills = 1; kills <= 6; kills++) {
    const at = volume({ [PLAIN]: state(7), [ASIDE]: state(7) });
    const { signal } = await spawnVerb(writing(at, state(9), [state(7), state(9)]), kills);
    expect(signal).toBe('SIGKILL');
    for (const path of PATHS) expect([state(7), state(9)]).toContain(textIn(at, path));
    expect(lstatSync(join(at, PLAIN)).isFile()).toBe(true);
    await write(at, state(9), [state(7), state(9)]);
    expect(PATHS.map((path) => textIn(at, path))).toEqual([state(9), state(9)]);
    expect(readdirSync(join(at, 'data'))).toHaveLength(2);
  }
});
