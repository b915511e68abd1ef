// Documents say what is true: links lead somewhere, files and commands exist, examples are valid, lists are complete.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { gitKinds } from '../../src/desired/kinds.ts';
import { brokenLinks } from './broken-links.ts';
import { CODE_LISTS } from './code-lists.ts';
import { examplesIn, problemsOf } from './examples.ts';
import { markdownDocuments } from './markdown.ts';
import { missingPaths } from './missing-paths.ts';
import { pageOf } from './job-kinds-table.ts';
import { ROOT } from './sections.ts';
import { wrongCommands, wrongCommandsIn } from './wrong-commands.ts';

const documents = await markdownDocuments();
const examples = examplesIn(documents);

it('every link and anchor leads somewhere, and no link leaves the template', () => {
  expect(brokenLinks(documents)).toEqual([]);
});

it('every file that is named exists', () => {
  expect(missingPaths(documents)).toEqual([]);
});

it('every command and option that is named exists', () => {
  expect(wrongCommands(documents)).toEqual([]);
});

it('no diagram has a semicolon, which would end a statement of Mermaid', () => {
  const diagrams = documents.flatMap(({ path, blocks }) => blocks.map((block) => ({ path, ...block })));
  const cut = diagrams.filter(({ language, text }) => language === 'mermaid' && text.includes(';'));
  expect(cut.map(({ path, line }) => `${path}:${line}`)).toEqual([]);
});

it.each(examples)('the $kind of $document:$line is valid', async (example) => {
  expect(await problemsOf(example)).toEqual([]);
});

it.each(gitKinds)('$kind has a page with an example in the handbook', async ({ kind }) => {
  const page = `repo-template/docs/kinds/${pageOf(kind)}.md`;
  const text = await readFile(join(ROOT, page), 'utf8').catch(() => '');
  const shown = examples.filter(({ document }) => document === page).map((example) => example.kind);
  expect(
    { hasExample: shown.includes(kind), linksToFields: text.includes(`../../schemas/README.md#${kind.toLowerCase()}`) },
    `write ${page} like the pages beside it: what a ${kind} does, one whole document as an example, what it needs, how it fails, and a link to its fields`,
  ).toEqual({ hasExample: true, linksToFields: true });
});

it('every list of codes is on the page of codes', async () => {
  const folder = join(ROOT, 'src/api/codes');
  const shown = new Set(CODE_LISTS.flatMap(({ codes }) => Object.keys(codes)));
  const missing = new Set<string>();
  for (const name of await readdir(folder)) {
    const module: unknown = await import(join(folder, name));
    const lists = Object.values(module as object).filter((value) => typeof value === 'object' && value !== null);
    for (const code of lists.flatMap((list: object) => Object.keys(list))) if (!shown.has(code)) missing.add(code);
  }
  expect([...missing]).toEqual([]);
});

it('the page of keys names the files that a Secret with an identity holds', async () => {
  const text = await readFile(join(ROOT, 'repo-template/docs/keys.md'), 'utf8');
  const settings = await readFile(join(ROOT, 'src/chains/cosmos/settings.ts'), 'utf8');
  const [, file = 'none'] = /IDENTITY_PATH\}\/([a-z_.]+)/.exec(settings) ?? [];
  expect(text).toMatch(new RegExp(`create secret generic .*--from-file=${file}`));
  expect(text).toContain('`node_key.json`');
});

it('the package, the README and the decision name the same oldest version of Node.js', async () => {
  const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
  const [, oldest = 'none'] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? [];
  expect(await readFile(join(ROOT, 'README.md'), 'utf8')).toMatch(new RegExp(`Node\\.js +\\| ${oldest} or newer`));
  expect(await readFile(join(ROOT, 'src/decisions/0001-typescript.md'), 'utf8')).toContain(
    `Node ${oldest} is the oldest`,
  );
});

const workflows = [
  '.github/workflows/ci.yaml',
  'repo-template/.github/workflows/nodewright.yaml',
  'repo-template/.gitea/workflows/nodewright.yaml',
];

it.each(workflows)('%s pins every action by its commit, and keeps no credentials', async (path) => {
  const text = await readFile(join(ROOT, path), 'utf8');
  const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action = '']) => action);
  expect(uses.filter((action) => !/^\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  const checkouts = uses.filter((action) => action.startsWith('actions/checkout@')).length;
  expect(text.match(/persist-credentials: false/g)?.length).toBe(checkouts);
  expect(text).toMatch(/^permissions:/m);
});

it('finds what is wrong with a command line', () => {
  expect(wrongCommandsIn('nodewright plan --from main --too HEAD')).toEqual(['nodewright plan has no option --too']);
  expect(wrongCommandsIn('x=$(nodewright plann)')).toEqual(['nodewright plann: there is no such command']);
  expect(wrongCommandsIn('docker run nodewright/nodewright anything')).toEqual([]);
  expect(wrongCommandsIn('nodewright run --repo URL --executor primary')).toEqual(['nodewright run needs --image']);
  expect(wrongCommandsIn('nodewright run --policy FILE')).toEqual([]);
});
