// How much of what other executors wrote is read for the front page, and that it names the rest.

import { expect, it } from 'vitest';

import { withinBudget } from '../../src/controller/publish/readable-files.ts';
import { finish } from '../../src/lib/finish.ts';
import { renderReadme, renderReadmeInSteps } from '../../src/status/readme.ts';
import { createTreeReader } from '../../src/status/tree-nodes.ts';

const LARGE = 'x'.repeat(1_000_000);
const node = 'spec: { chain: ethereum, network: dev }\nstatus: { phase: Running }\n';

const files = (folder: string, count: number, text: string) =>
  Array.from(
    { length: count },
    (_, index) => [`${folder}/nodes/ns/n${String(index).padStart(4, '0')}.yaml`, text] as const,
  );

it('reads all files of listed executors before those of others, in any order of names', () => {
  const tree = new Map([...files('evil', 60, LARGE), ...files('zurich', 50, LARGE), ...files('paris', 2, node)]);
  const { files: read, leftOut } = withinBudget(tree, ['zurich', 'paris']);
  expect(leftOut).toEqual(['evil']);
  expect([...read.keys()].filter((path) => !path.startsWith('evil/'))).toHaveLength(52);
  expect([...read.keys()].filter((path) => path.startsWith('evil/'))).toHaveLength(4);
});

it('limits listed executors too, and the number of files', () => {
  const large = withinBudget(new Map([...files('paris', 1, node), ...files('zurich', 80, LARGE)]), ['paris', 'zurich']);
  expect(large.leftOut).toEqual(['zurich']);
  expect(large.files.size).toBe(68);
  expect(withinBudget(new Map(files('evil', 2001, node)), []).leftOut).toEqual(['evil']);
  expect(withinBudget(new Map(files('evil', 2000, node)), []).leftOut).toEqual([]);
});

it('counts only what the front page shows', () => {
  const tree = new Map([
    ['evil/keys.yaml', LARGE.repeat(5)],
    ['README.md', LARGE.repeat(5)],
    ...files('evil', 1, node),
  ]);
  expect(withinBudget(tree, [])).toEqual({ files: new Map(files('evil', 1, node)), leftOut: [] });
});

it('the front page names the folders, and is the same as without pauses where none is left out', () => {
  const tree = new Map(files('paris', 3, node));
  const page = finish(renderReadmeInSteps({ files: tree, leftOut: [] }, createTreeReader()));
  expect(page).toBe(renderReadme(tree));
  const names = Array.from({ length: 12 }, (_, index) => `e|${index}`);
  const less = finish(renderReadmeInSteps({ files: tree, leftOut: names }, createTreeReader()));
  expect(less).toContain('Not all is shown of e&#124;0, e&#124;1,');
  expect(less).toContain('and 2 more: the folders of other executors are too large together. Remove from this branch');
});
