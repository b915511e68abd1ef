// The reader for plain YAML gives what the library gives, or nothing.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMap, isScalar, isSeq, LineCounter } from 'yaml';

import { finish } from '../../src/lib/finish.ts';
import { composeByLibrary } from '../../src/lib/yaml/compose.ts';
import { readPlain } from '../../src/lib/yaml/plain.ts';

const LIMITS = { documents: 10, depth: 48, tokens: 80_000 };

const anyWord = fc.constantFrom(
  'a', 'name', 'key.io/x', 'x-y', '_z', 'true', 'True', 'null', 'Null', '~', '-', '---', '...', '- -', '?', 'on', 'yes', '1', '0', '01', '-1', '1.5', '1e3', '.5', '.inf', '-.INF', '.nan',
  '0x1f', '0o17', '1_000', '1.16.7', '1Gi', '50m', '12345678901234567', '123456789012345', '+1', '1:2', 'a:b', 'a: b', 'a:', ':a', 'a#b', 'a #b', '# c', '"a"', '"a b: c # d"', "'it'", "'it''s'", '"\\n"', '"', "'", '""', "''",
  'a b', 'a, b', 'a]', '{', '}', '{}', '[]', '[a]', '[a, b]', '[ a , "b" ]', '{a: b}', '{ a: b, c: [1] }', '{a}', '{a:b}', '{ "a": b }', '[a: b]', '{a: b} c', '[a]: b', '{a: }', '[,]', '[a,]', '[-1]', '[- a]', '[a b]', '[a#b]', '[a ] # c', '[a]#c',
  '|', '>-', '&x a', '*x', '!!str 1', '@a', '`a', '%a', '<<', '=', 'é', 'a é', '节点', 'https://x.y/z?q=1', 'a\\b', '$a', '(a)', 'a;b', 'a|b', '2001-01-01', 'a ', ' a', '',
); // prettier-ignore

const plainWord = fc.constantFrom(
  'a',
  'b c',
  '1',
  '300',
  '1.16.7',
  'true',
  '"a b: c # d"',
  "'it'",
  '[a, b]',
  '{ a: b }',
  '[]',
  'a#b',
  'a:b',
  'é a',
  '1Gi # c',
);
const word = fc.oneof({ weight: 3, arbitrary: plainWord }, { weight: 1, arbitrary: anyWord }); // prettier-ignore

/** Mostly well-formed, with each mistake that people make now and then. */
const line = fc
  .record({
    indent: fc.constantFrom(0, 0, 0, 2, 2, 2, 4, 4, 6, 1, 3),
    kind: fc.constantFrom(
      'pair',
      'pair',
      'pair',
      'key',
      'key',
      'item',
      'item pair',
      'item pair',
      'comment',
      'empty',
      'text',
      'dash',
    ),
    key: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'name', 'x.y/z') },
      { weight: 1, arbitrary: word },
    ),
    value: word,
    end: fc.constantFrom('', '', '', '', ' ', ' # c', '  #', '#c', '\t'),
  })
  .map(({ indent, kind, key, value, end }) => {
    const texts: Readonly<Record<string, string>> = {
      pair: `${key}: ${value}`, key: `${key}:`, item: `- ${value}`, 'item pair': `- ${key}: ${value}`, comment: `# ${value}`, empty: '', text: value, dash: '-',
    }; // prettier-ignore
    return `${' '.repeat(indent)}${texts[kind] ?? ''}${end}`;
  });

/** Nested as it should be. */
const wellFormed: fc.Arbitrary<string> = fc
  .letrec<{ block: readonly string[]; map: readonly string[]; list: readonly string[] }>((tie) => ({
    block: fc.oneof({ maxDepth: 4 }, tie('map'), tie('list')),
    map: fc
      .array(
        fc.oneof(
          fc.tuple(fc.constantFrom('a', 'b', 'kind', 'x.y/z'), word).map(([key, value]) => [`${key}: ${value}`]),
          fc.tuple(fc.constantFrom('c', 'd'), fc.constantFrom(0, 2, 4), tie('block')).map(([key, by, below]) => [`${key}:`, ...below.map((one) => ' '.repeat(by) + one)]),
          fc.constantFrom([''], ['# note'], ['  # deeper']),
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((lines) => lines.flat()),
    list: fc
      .array(
        fc.oneof(
          word.map((value) => [`- ${value}`]),
          tie('map').map(([first = '', ...rest]) => [`- ${first}`, ...rest.map((one) => `  ${one}`)]),
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map((lines) => lines.flat()),
  }))
  .block.map((lines) => `${lines.join('\n')}\n`); // prettier-ignore

const lines = fc.array(line, { minLength: 1, maxLength: 8 });
const loose = fc
  .tuple(lines, fc.constantFrom('\n', '\n', '\n', '', '\n\n', ' '))
  .map(([all, end]) => all.join('\n') + end);

/** A text with some characters changed. */
const damaged = fc
  .tuple(fc.oneof(wellFormed, loose), fc.nat(), fc.constantFrom('', ' ', '  ', '\n', '#', ':', '-', '"', "'", '{', ']', '\t', '\r', '\ufeff', '\u2028', '\u0085', '\0'))
  .map(([text, at, inserted]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + inserted + text.slice(place + (at % 3 === 0 ? 1 : 0));
  }); // prettier-ignore

const RUNS = Number(process.env['PLAIN_YAML_RUNS'] ?? 3000);

describe('a plain text is read as the library reads it', () => {
  it.each([
    { what: 'well-formed texts', texts: wellFormed, least: 0.1 },
    { what: 'lines in any order', texts: loose, least: 0.002 },
    { what: 'damaged texts', texts: damaged, least: 0.01 },
  ])('or not at all: $what', ({ texts, least }) => {
    let plain = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (sameAsLibrary(text)) plain += 1;
      }),
      { numRuns: RUNS },
    );
    expect(plain / RUNS).toBeGreaterThan(least);
  });
});

/** Whether it is plain; fails when it is and the library finds something else. */
function sameAsLibrary(text: string): boolean {
  const plain = readPlain(text);
  if (plain === undefined) return false;
  const counter = new LineCounter();
  const { documents, exceeded } = finish(composeByLibrary(text, LIMITS, counter));
  const [document] = documents;
  expect(documents).toHaveLength(1);
  expect(exceeded).toBeUndefined();
  expect([...(document?.errors ?? []), ...(document?.warnings ?? [])]).toEqual([]);
  expect(document?.directives.yaml.explicit).not.toBe(true);
  expect(shape(plain.contents)).toEqual(shape(document?.contents));
  expect(plain.lineStarts).toEqual(counter.lineStarts);
  return true;
}

function shape(node: unknown): unknown {
  if (isScalar(node)) {
    const { value, source, range, tag, anchor } = node;
    return { value, source, at: range?.[0], tag, anchor };
  }
  if (isMap(node)) {
    const { tag, anchor, range } = node;
    return { at: range?.[0], tag, anchor, map: node.items.map(({ key, value }) => [shape(key), shape(value)]) };
  }
  if (isSeq(node)) return { at: node.range?.[0], tag: node.tag, anchor: node.anchor, list: node.items.map(shape) };
  return node;
}
