// `--status-from`: who holds which signing key, as the controllers published it.

import type { Command } from 'commander';

import { openLocalRepository } from '../../git/local.ts';
import { isKeysPath, readKeys } from '../../keys/document.ts';
import type { KeyReservation } from '../../plan/input.ts';
import { option } from '../option.ts';

export function addStatusFromOption(command: Command): Command {
  return command.addOption(
    option(
      '--status-from <revision>',
      'show which executor holds a signing key and what it can run, by this revision of the status branch, e.g. refs/remotes/origin/nodewright-status',
    ),
  );
}

/** Of all executors. A file that cannot be read is reported: its executor may hold any key. */
export async function publishedKeys(dir: string, revision: string): Promise<readonly KeyReservation[]> {
  const repository = await openLocalRepository(dir);
  try {
    const entries = await repository.list(await repository.resolve(revision));
    const files = new Map<string, string | undefined>();
    for (const { path, oid, type } of entries)
      if (isKeysPath(path))
        files.set(path, type === 'file' ? new TextDecoder().decode(await repository.read(oid)) : undefined);
    const { entries: keys, unreadable } = readKeys(files);
    for (const executor of unreadable)
      process.stderr.write(
        `warning: ${revision}:${executor}/keys.yaml cannot be read; keys of ${executor} are not shown\n`,
      );
    return keys.map(({ key, executor, node, since, state }) => ({
      key,
      executor,
      node,
      since,
      isHeld: state === 'Reserved',
    }));
  } finally {
    await repository.close();
  }
}
