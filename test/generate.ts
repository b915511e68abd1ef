// `npm run generate`: writes every file that is made from the code. Commit them together with the code.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ROOT } from './documents/sections.ts';
import { generatedFiles, GENERATED_FOLDERS } from './generated.ts';

const files = await generatedFiles();
for (const folder of GENERATED_FOLDERS) await rm(join(ROOT, folder), { recursive: true, force: true });
for (const [path, content] of files) {
  await mkdir(dirname(join(ROOT, path)), { recursive: true });
  await writeFile(join(ROOT, path), content);
}
console.log(`${files.size} files written`);
