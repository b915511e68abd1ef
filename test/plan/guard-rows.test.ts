// A guard without a test would hold nothing, and no other test would notice.

import { readdirSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { GUARDS } from '../../src/api/codes/guards.ts';

const FOLDER = new URL('.', import.meta.url).pathname;
const tests = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'))
  .join('\n');

it.each(Object.keys(GUARDS))('%s is tried: add rows to test/plan/guards.test.ts for a new guard', (name) => {
  expect(new RegExp(`\\b${name}\\b`).test(tests)).toBe(true);
});
