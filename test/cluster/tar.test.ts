// The archive writer against the system's own tar.

import { execFileSync } from 'node:child_process';

import { expect, it } from 'vitest';

import { tar } from './tar.ts';

it('writes what tar reads: modes, owners, links, contents, long paths', () => {
  const folder = 'a'.repeat(80);
  const archive = tar([
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    { type: 'file', path: 'bin/tool', mode: 0o755, data: Buffer.from('x'.repeat(513)) },
    { type: 'link', path: 'bin/sh', target: 'tool' },
    { type: 'file', path: `${folder}/${'b'.repeat(90)}`, mode: 0o644, data: Buffer.from('long') },
  ]);
  const listing = list(archive, '-tv').map((line) =>
    line.split(/\s+/).filter((_, column) => column !== 3 && column !== 4),
  );
  expect(listing).toEqual([
    ['drwxrwxrwt', '0/0', '0', 'tmp/'],
    ['-rwxr-xr-x', '0/0', '513', 'bin/tool'],
    ['lrwxrwxrwx', '0/0', '0', 'bin/sh', '->', 'tool'],
    ['-rw-r--r--', '0/0', '4', `${folder}/${'b'.repeat(90)}`],
  ]);
  expect(list(archive, '-xO', 'bin/tool')).toEqual(['x'.repeat(513)]);
});

it('refuses a path that the format cannot hold', () => {
  const path = 'c'.repeat(300);
  expect(() => tar([{ type: 'directory', path, mode: 0o755 }])).toThrow(/path too long/);
});

function list(archive: Buffer, ...options: readonly string[]): readonly string[] {
  const args = ['--numeric-owner', '-f', '-', ...options];
  return execFileSync('tar', args, { input: archive, encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } })
    .trimEnd()
    .split('\n');
}
