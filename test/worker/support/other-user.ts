// Runs a verb as a user who may enter neither this clone nor the folder of Node.

import { execFileSync } from 'node:child_process';
import { chmodSync, constants, copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../../../', import.meta.url).pathname;
/** The user and group that own nothing, on every Linux. */
const NOBODY = 65_534;

/** What run-verb.ts loads: the worker with the modules below it, and one library. */
const NEEDED = ['package.json', 'src', 'test/worker/support', 'node_modules/zod'];

/** Copies Node and the worker into `folder`, which that user can then read, and returns what the run prints. */
export function runVerbAsOtherUser(folder: string, request: unknown): string {
  const node = join(folder, 'node');
  chmodSync(folder, 0o755);
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  for (const path of NEEDED) cpSync(join(ROOT, path), join(folder, path), { recursive: true, dereference: true });
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  const script = join(folder, 'test/worker/support/run-verb.ts');
  const options = { uid: NOBODY, gid: NOBODY, encoding: 'utf8', cwd: '/' } as const;
  return execFileSync(node, [script, JSON.stringify(request)], options);
}
