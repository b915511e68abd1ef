// What is written by hand is byte for byte what the library writes.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { writeYaml } from '../../src/lib/yaml/write.ts';

function byLibrary(value: unknown): string {
  return stringify(value, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false, version: '1.2' });
}

/** Texts that look like something else, or that need quotes. */
const TRAPS = [
  '',
  ' ',
  'x ',
  'x  y',
  'a: b',
  'a:',
  ': a',
  'a #b',
  '- a',
  '-',
  '?',
  '---',
  '...',
  '{}',
  '[]',
  '<<',
  '=',
  '~',
  'true',
  'NULL',
  'no',
  'null x',
  '1e3',
  '0x1f',
  '1.0',
  '.5',
  '.inf',
  '0o7',
  '12:30',
  '2026-01-01T00:00:00Z',
  'geth v1.16.7',
  'sha256:abc',
  'http://a:80/b?c=d#e',
  'Stopped, as spec.desiredState asks.',
  "it's",
  'say "a"',
  'a\nb',
  'a\r\nb',
  '\tx',
  '\u0085',
  '\u2028',
  '\ud800',
  '@a',
  '`a',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '%a',
  "'a'",
];
const text = fc.oneof(
  fc.constantFrom(...TRAPS),
  fc.stringMatching(/^[\w:#"'[\]{},&*!|>%@` .=~?/+<()\n\t-]{0,12}$/),
  fc.string({ maxLength: 12, unit: 'binary' }),
);
const key = fc.oneof(fc.stringMatching(/^[\w./-]{1,8}$/), text);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.double({ noNaN: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(key, tie('any'), { maxKeys: 4 }),
  ),
})).any;

it('writes what the library writes', () => {
  fc.assert(
    fc.property(value, (any) => {
      expect(writeYaml(any)).toBe(byLibrary(any));
    }),
    { numRuns: 3000 },
  );
});

it.each(TRAPS)('writes %j in every place as the library does', (trap) => {
  for (const any of [trap, [trap], { a: trap }, { a: [trap, { b: trap }] }, [[trap]], { [trap]: 1 }])
    expect(writeYaml(any)).toBe(byLibrary(any));
});

it('is read back as it was', () => {
  const document = {
    list: [{ a: 1, b: [] }, 'x'],
    none: null,
    map: {},
    time: '2026-01-01T00:00:00.5Z',
    deep: [[1, [2]]],
  };
  expect(parse(writeYaml(document))).toEqual(document);
});
