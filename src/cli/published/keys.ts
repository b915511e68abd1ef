// `--status-from`: who holds which signing key, and which node signed with it, as the controllers published it.

import type { Command } from 'commander';

import { openLocalRepository } from '../../git/local.ts';
import { isKeysPath, type PublishedKeys, readKeys } from '../../keys/document.ts';
import { type MemoryView, readMemoryDocument } from '../../status/memory-document.ts';
import { option } from '../option.ts';

export function addStatusFromOption(command: Command): Command {
  return command.addOption(
    option(
      '--status-from <revision>',
      'show which executor holds a signing key and what it can run, by this revision of the status branch, e.g. refs/remotes/origin/nodewright-status (default: that of --policy-from)',
    ),
  );
}

export interface PublishedSigning {
  readonly keys: PublishedKeys;
  /** By executor: the copy of what its controller remembers. */
  readonly memories: ReadonlyMap<string, Partial<MemoryView>>;
}

/** Of all executors. A file that cannot be read is reported: its executor may hold any key. */
export async function publishedSigning(dir: string, revision: string): Promise<PublishedSigning> {
  const repository = await openLocalRepository(dir);
  try {
    const files = new Map<string, string | undefined>();
    const memories = new Map<string, Partial<MemoryView>>();
    for (const { path, oid, type } of await repository.list(await repository.resolve(revision))) {
      const executor = /^([^/]+)\/memory\.yaml$/.exec(path)?.[1];
      if (executor === undefined && !isKeysPath(path)) continue;
      const text = type === 'file' ? new TextDecoder().decode(await repository.read(oid)) : undefined;
      if (executor === undefined) files.set(path, text);
      else memories.set(executor, readMemoryDocument(text) ?? {});
    }
    const keys = readKeys(files);
    for (const executor of keys.unreadable)
      process.stderr.write(
        `warning: ${revision}:${executor}/keys.yaml cannot be read; keys of ${executor} are not shown\n`,
      );
    return { keys, memories };
  } finally {
    await repository.close();
  }
}
