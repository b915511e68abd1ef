// What a tool has made is described where it lies, and can be checked and restored from there.

import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import type { SealParameters } from '../../src/api/worker-task.ts';
import { restore } from '../../src/worker/restore/restore.ts';
import { seal } from '../../src/worker/backup/seal.ts';
import { verify } from '../../src/worker/restore/verify.ts';
import { ORIGIN, quiet, restoreParams, verifyParams } from './support/params.ts';
import { spawnVerb } from './support/spawn-verb.ts';
import { picture, tempDir } from './support/tree.ts';

function made(): { at: string; dir: string; params: SealParameters } {
  const dir = tempDir();
  const at = join(dir, 'made');
  mkdirSync(join(at, 'data', 'statedb'), { recursive: true });
  mkdirSync(join(at, 'lost+found'));
  writeFileSync(join(at, 'data', 'statedb', 'state'), 'state at 30');
  mkdirSync(join(at, 'chain_data'));
  writeFileSync(join(at, 'chain_data', 'blocks'), 'blocks to 30');
  linkSync(join(at, 'chain_data', 'blocks'), join(at, 'chain_data', 'same'));
  return { at, dir, params: { verb: 'seal', volume: 'data', at, origin: ORIGIN } };
}

it('changes nothing but the manifest, which is the same for the same data', async () => {
  const { at, params } = made();
  const before = picture(join(at, 'chain_data'));
  const sealed = await seal(params, quiet());
  expect(sealed).toMatchObject({ files: 2, bytes: 23, skipped: 0 });
  expect(readdirSync(at).sort()).toEqual(['chain_data', 'data', 'lost+found', 'manifest.json']);
  expect(picture(join(at, 'chain_data'))).toEqual(before);
  expect(await verify(verifyParams(at), quiet())).toMatchObject({
    manifestSha256: sealed.manifestSha256,
    extra: 0,
    height: 42,
  });
  expect(await seal(params, quiet())).toMatchObject({ files: 2, bytes: 23 });
});

it('is restored entry by entry over a node of another height', async () => {
  const { at, dir, params } = made();
  const { manifestSha256 } = await seal(params, quiet());
  const home = join(dir, 'home');
  mkdirSync(join(home, 'data'), { recursive: true });
  writeFileSync(join(home, 'data', 'old'), 'x');
  writeFileSync(join(home, 'config.toml'), 'own');
  const expectation = { chain: 'cometbft', manifestSha256 };
  await restore(restoreParams(at, home, { scope: 'entries', expect: expectation }), quiet());
  expect(readFileSync(join(home, 'chain_data', 'same'), 'utf8')).toBe('blocks to 30');
  expect(readFileSync(join(home, 'config.toml'), 'utf8')).toBe('own');
  expect([existsSync(join(home, 'data', 'old')), existsSync(join(home, 'manifest.json'))]).toEqual([false, false]);
});

it('reports when a byte changed, or a file came, after it was sealed', async () => {
  const { at, params } = made();
  await seal(params, quiet());
  writeFileSync(join(at, 'planted'), 'x');
  expect(await verify(verifyParams(at), quiet())).toMatchObject({ extra: 1 });
  writeFileSync(join(at, 'data', 'statedb', 'state'), 'state at 31');
  await expect(verify(verifyParams(at), quiet())).rejects.toMatchObject({ code: 'ContentDiffers' });
});

it('is no proof of nothing: a tool that made no file has failed', async () => {
  const at = tempDir();
  const nothing = seal({ volume: 'data', at, origin: ORIGIN }, quiet());
  await expect(nothing).rejects.toMatchObject({ code: 'SourceMissing' });
  expect(existsSync(join(at, 'manifest.json'))).toBe(false);
});

it('killed at any step it leaves no manifest, and the next run seals', async () => {
  const { steps } = await spawnVerb(made().params);
  expect(steps).toEqual(['file', 'file', 'flushed']);
  for (let step = 1; step <= steps.length; step++) {
    const { at, params } = made();
    expect((await spawnVerb(params, step)).signal).toBe('SIGKILL');
    expect(existsSync(join(at, 'manifest.json'))).toBe(false);
    expect((await spawnVerb(params)).result).toMatchObject({ ok: true, files: 2 });
    expect(readdirSync(at)).not.toContain('manifest.json.partial');
  }
});
