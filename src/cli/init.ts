// `nodewright init DIR`: a new repository from the template.

import { cp, mkdir, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import type { SetExitCode } from './option.ts';

const TEMPLATE = fileURLToPath(new URL('../../repo-template', import.meta.url));

export function addInit(program: Command, exit: SetExitCode): void {
  program
    .command('init')
    .description('Copy the template of a repository into DIR, which must be empty or absent.')
    .argument('<dir>', 'where to')
    .action(async (dir: string) => exit(await init(dir)));
}

async function init(dir: string): Promise<0 | 2> {
  await mkdir(dir, { recursive: true });
  const present = (await readdir(dir)).filter((name) => name !== '.git');
  if (present.length > 0) {
    process.stderr.write(
      `error: ${dir} is not empty (it holds ${present.slice(0, 3).join(', ')}); choose another directory\n`,
    );
    return 2;
  }
  await cp(TEMPLATE, dir, { recursive: true });
  process.stdout.write(
    [
      `Created ${dir}. Next:`,
      `  cd ${dir} && git init -b main && git add . && git commit -m "Start the fleet"`,
      `  nodewright validate .`,
      `  push it, then: nodewright run --repo URL --branch main --executor primary`,
      '',
    ].join('\n'),
  );
  return 0;
}
