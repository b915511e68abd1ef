// Where Go keeps the files of a module: some are used that are no programs.

import { run } from './command.ts';
import { moduleDirectory, type GoModule } from './modules.ts';

/** Downloads the module first when it has to. */
export async function moduleFolder(module: GoModule): Promise<string> {
  const text = await run('go', ['mod', 'download', '-json', module.path], {
    cwd: moduleDirectory(module),
    timeoutMs: 300_000,
  });
  const { Dir } = JSON.parse(text) as { readonly Dir: string };
  return Dir;
}
