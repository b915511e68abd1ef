// `nodewright init DIR`: a new repository from the template.

import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import type { SetExitCode } from './option.ts';

/** The folder is beside `src`, and beside `dist` in the image. */
const TEMPLATE = fileURLToPath(new URL('../../repo-template', import.meta.url));

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Only the image and an installed package have the program under its name. */
const COMMAND = import.meta.url.endsWith('/src/cli/init.ts')
  ? `npm --prefix ${JSON.stringify(CHECKOUT)} run -s nodewright --`
  : 'nodewright';

export function addInit(program: Command, exit: SetExitCode): void {
  program
    .command('init')
    .description('Copy the template of a repository into DIR, which must be absent or empty (except for .git).')
    .argument('<dir>', 'where to')
    .action(async (dir: string) => exit(await init(dir)));
}

async function init(dir: string): Promise<0> {
  await makeFolder(resolve(dir)).catch((cause: unknown) => {
    throw new Error(`cannot create the folder ${dir}`, { cause });
  });
  const present = await readdir(dir);
  const others = present.filter((name) => name !== '.git');
  if (others.length > 0) {
    throw new Error(`${dir} is not empty (it has ${others.slice(0, 3).join(', ')}); choose another folder`);
  }
  await cp(TEMPLATE, dir, { recursive: true });
  process.stdout.write(`${nextSteps(dir, present.includes('.git')).join('\n')}\n`);
  return 0;
}

/** One by one: where a file system allows no folders, as /proc, the recursive call of Node.js never ends. */
async function makeFolder(path: string): Promise<void> {
  const isFolder = async (): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() === true;
  if (await isFolder()) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path).catch(async (error: unknown) => {
    if (!(await isFolder())) throw error;
  });
}

function nextSteps(dir: string, isRepository: boolean): readonly string[] {
  return [
    `Created ${dir}: two small development nodes, a patch, and checks for pull requests. Next:`,
    '',
    `  cd ${dir}`,
    `  ${COMMAND} validate "$PWD"`,
    `  ${isRepository ? '' : 'git init -b main && '}git add . && git commit -m "Start the fleet"`,
    '  git remote add origin URL && git push -u origin main',
    '  kubectl create namespace nodewright-system',
    `  ${COMMAND} run --repo URL --executor primary --own-namespace nodewright-system --image IMAGE`,
    '',
    'docs/ in the new folder explains every kind, approvals, jobs, keys and the status branch.',
  ];
}
