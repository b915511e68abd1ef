// `nodewright crds`: the CustomResourceDefinitions, for those who install them by hand.

import type { Command } from 'commander';
import { stringify } from 'yaml';

import { crds } from '../desired/crds.ts';
import type { SetExitCode } from './option.ts';

export function addCrds(program: Command, exit: SetExitCode): void {
  program
    .command('crds')
    .description('Print the CustomResourceDefinitions; the controller applies them by itself when it starts.')
    .action(() => {
      process.stdout.write(
        crds()
          .map((crd) => `---\n${stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false })}`)
          .join(''),
      );
      exit(0);
    });
}
