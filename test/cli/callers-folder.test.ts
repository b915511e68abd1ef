// Which folder relative paths are meant from.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, expect, it, vi } from 'vitest';

import { callersFolder } from '../../src/cli/environment.ts';

vi.setConfig({ testTimeout: 60_000 });

const CHECKOUT = new URL('../..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-folder-'));
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
const npm = ['--prefix', CHECKOUT, 'run', '-s', 'nodewright', '--'];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is the one where npm is called', () => {
  const { status, stderr } = spawnSync('npm', [...npm, 'validate'], { cwd: folder, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(`${folder} has no fleet.yaml`) });
  execFileSync('npm', [...npm, 'init', 'fleet'], { cwd: folder, env });
  const valid = execFileSync('npm', [...npm, 'validate'], { cwd: join(folder, 'fleet'), env, encoding: 'utf8' });
  expect(valid).toMatch(/^\d+ objects, 0 errors, 0 warnings$/m);
});

it.each([
  { because: 'without npm', npm_package_name: undefined, npm_lifecycle_event: undefined },
  { because: 'below another script', npm_package_name: 'nodewright', npm_lifecycle_event: 'test' },
  { because: 'in another package', npm_package_name: 'fleet', npm_lifecycle_event: 'nodewright' },
])('is that of the process $because', ({ npm_package_name, npm_lifecycle_event }) => {
  expect(callersFolder({ npm_package_name, npm_lifecycle_event, INIT_CWD: '/home/a' })).toBeUndefined();
});
