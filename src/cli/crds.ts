// `nodewright crds`: the CustomResourceDefinitions, for installation by hand.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Command } from 'commander';
import { stringify } from 'yaml';

import type { KubeObject } from '../api/objects.ts';
import { crds } from '../desired/crds.ts';
import { option, type SetExitCode } from './option.ts';

export function addCrds(program: Command, exit: SetExitCode): void {
  program
    .command('crds')
    .description('Print the CustomResourceDefinitions. The controller applies them when it starts.')
    .addOption(option('--out <dir>', 'write one file per CRD into this folder instead'))
    .action(async ({ out }: { out?: string }) => {
      if (out === undefined) process.stdout.write(crds().map(toYaml).join(''));
      else await writeAll(out);
      exit(0);
    });
}

async function writeAll(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const crd of crds()) await writeFile(join(folder, `${crd.metadata.name}.yaml`), toYaml(crd));
}

function toYaml(crd: KubeObject): string {
  return `---\n${stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
