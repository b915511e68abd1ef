// The command lines of both generations of cloud-op, carried out by the stand-in: what they print and leave is what jobs read.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { heightProof, recoverArgs, rollbackArgs, snapshotArgs, type Tool } from '../../src/jobs/layouts/cloud-op.ts';
import { citaTarget } from '../jobs/support/fixtures.ts';
import { cloudOpScript } from '../support/cita/images.ts';
import { tempDir } from './support/tree.ts';

const OLD: Tool = { image: 'cloud-op:v0.2.4', version: [0, 2, 4] };
const NEW: Tool = { image: 'cloud-op:v0.3.1', version: [0, 3, 1] };

function node(): {
  root: string;
  at: (path: string) => string;
  paths: { mount: string; nodeRoot: string; config: string };
} {
  const root = tempDir();
  for (const folder of ['chain_data', 'data/statedb', 'overlord_wal'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['chain_data/current_height', 'data/statedb/current_height'])
    writeFileSync(join(root, file), '100\n');
  writeFileSync(join(root, 'config.toml'), '');
  const paths = { mount: root, nodeRoot: root, config: join(root, 'config.toml') };
  return { root, paths, at: (path) => readFileSync(join(root, path), 'utf8').trim() };
}

function cloudOp(
  tool: Tool,
  args: readonly string[] | { readonly refused: true },
): { code: number | null; said: string } {
  if ('refused' in args) throw new Error(JSON.stringify(args));
  const script = join(tempDir(), 'cloud-op');
  writeFileSync(script, cloudOpScript(tool === OLD ? '0.2.4' : '0.3.1'), { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync('busybox', ['sh', script, ...args], { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe.each([
  { tool: OLD, name: '0.2.4' },
  { tool: NEW, name: '0.3.1' },
])('cloud-op $name', ({ tool }) => {
  const target = citaTarget('n');

  it('goes back, and its output proves the height as the job reads it', () => {
    const { at, paths, root } = node();
    const { code, said } = cloudOp(tool, rollbackArgs({ tool, target, height: 60, paths, clean: true }));
    expect(code).toBe(0);
    expect([at('chain_data/current_height'), at('data/statedb/current_height')]).toEqual(['60', '60']);
    expect(existsSync(join(root, 'overlord_wal'))).toBe(false);
    const proof = heightProof(tool, 60);
    const proven = 'reaches' in proof ? String(proof.reaches) : new RegExp(proof.heightPattern).exec(said)?.[1];
    expect(proven).toBe('60');
  });

  it('panics before it changes anything when the height is not below', () => {
    const { at, paths } = node();
    const { code, said } = cloudOp(tool, rollbackArgs({ tool, target, height: 100, paths }));
    expect({ code, said }).toMatchObject({ code: 101, said: expect.stringMatching(/>= current/) });
    expect(at('chain_data/current_height')).toBe('100');
  });

  it('refuses a database that a running node has open', () => {
    const { root, at, paths } = node();
    writeFileSync(join(root, 'chain_data/LOCK'), String(Math.floor(Date.now() / 1000)));
    const { code, said } = cloudOp(tool, rollbackArgs({ tool, target, height: 60, paths }));
    expect({ code, said }).toMatchObject({ code: 101, said: expect.stringMatching(/While lock file/) });
    expect(at('chain_data/current_height')).toBe('100');
  });

  it('does not know the verbs of the other generation', () => {
    expect(cloudOp(tool, [tool === OLD ? 'rollback' : 'recover', '5'])).toMatchObject({
      code: 2,
      said: expect.stringMatching(/unrecognized subcommand/),
    });
  });

  it('makes a snapshot below the height', () => {
    const { paths, at } = node();
    const dest = tempDir();
    expect(cloudOp(tool, snapshotArgs({ tool, target, height: 70, paths }, dest)).code).toBe(0);
    const kept = tool === NEW ? '70/chain_data/current_height' : 'state/statedb/current_height';
    expect(readFileSync(join(dest, kept), 'utf8').trim()).toBe('70');
    expect(at('chain_data/current_height')).toBe('100');
    if (tool === NEW) return;
    expect(cloudOp(tool, recoverArgs({ tool, target, height: 70, paths }, dest)).code).toBe(0);
    expect([at('chain_data/current_height'), at('data/statedb/current_height')]).toEqual(['70', '70']);
  });
});
