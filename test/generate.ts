// `npm run generate`: writes every file that is made from the code, golden files included, and prints which changed.
// Commit them together with the code.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runCommand } from './demo/run-command.ts';
import { ROOT } from './documents/sections.ts';
import { generatedFiles, GENERATED_FOLDERS } from './generated.ts';

const GOLDEN = 'test/golden';
/** The tests that compare with golden files: `toMatchFileSnapshot`. */
const GOLDEN_TESTS = [
  'api/crd',
  'jobs/kinds',
  'plan/describe',
  'render/render-node',
  'status/documents',
  'status/readme',
];

const files = await generatedFiles();
const before = await contents([...GENERATED_FOLDERS, GOLDEN], files.keys());
for (const folder of GENERATED_FOLDERS) await rm(join(ROOT, folder), { recursive: true, force: true });
for (const [path, content] of files) {
  await mkdir(dirname(join(ROOT, path)), { recursive: true });
  await writeFile(join(ROOT, path), content);
}
await writeGoldenFiles();
const after = await contents([...GENERATED_FOLDERS, GOLDEN], files.keys());
const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
const changed = paths.filter((path) => before.get(path) !== after.get(path));
console.log(changed.length === 0 ? 'No generated file changed.' : changed.join('\n'));

/** A failed test of something else is for `npm test` to report: the golden files are written all the same. */
async function writeGoldenFiles(): Promise<void> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const tests = GOLDEN_TESTS.map((name) => `test/${name}.test.ts`);
  const args = [vitest, 'run', '--update', '--config', 'test/vitest.config.ts', '--project', 'pure', ...tests];
  await runCommand(process.execPath, args, { cwd: ROOT, accept: [0, 1], timeoutMs: 600_000 });
}

/** Path from the top → content, of all files in the folders and of the single files that exist. */
async function contents(folders: readonly string[], single: Iterable<string>): Promise<ReadonlyMap<string, string>> {
  const inFolders = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
      return entries.flatMap((entry) =>
        entry.isFile() ? [join(entry.parentPath, entry.name).slice(ROOT.length)] : [],
      );
    }),
  );
  const found = new Map<string, string>();
  for (const path of new Set([...inFolders.flat(), ...single])) {
    const text = await readFile(join(ROOT, path), 'utf8').catch(() => undefined);
    if (text !== undefined) found.set(path, text);
  }
  return found;
}
