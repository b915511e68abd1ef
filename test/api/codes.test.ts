// Every code is explained, and every explained code can occur.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { CodeDoc } from '../../src/lib/codes.ts';
import { GUARDS } from '../../src/api/codes/guards.ts';
import { PROBLEMS } from '../../src/api/codes/problems.ts';
import { SYNC_STATES } from '../../src/api/codes/sync-states.ts';

const SRC = join(import.meta.dirname, '../../src');
const LISTS: Readonly<Record<string, Readonly<Record<string, CodeDoc>>>> = { GUARDS, PROBLEMS, SYNC_STATES };

const source = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith(join('api', 'codes')))
  .map((path) => readFileSync(join(SRC, path), 'utf8'))
  .join('\n');

describe.each(Object.entries(LISTS))('the codes of %s', (_name, list) => {
  it('explains each code in whole sentences and says what to do', () => {
    const isSentence = (text: string): boolean => /^[A-Z`].*\.$/s.test(text);
    const odd = Object.entries(list).filter(([, { meaning, action }]) => !isSentence(meaning) || !isSentence(action));
    expect(odd.map(([code]) => code)).toEqual([]);
  });

  it('lists no code that the source does not use', () => {
    const unused = Object.keys(list).filter((code) => !source.includes(`'${code}'`));
    expect(unused).toEqual([]);
  });
});
