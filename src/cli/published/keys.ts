// `--status-from`: who holds which signing key, and which node signed with it, as the controllers published it.

import type { Command } from 'commander';

import { openLocalRepository } from '../../git/local.ts';
import { isKeysPath, type PublishedKeys, readKeys } from '../../keys/document.ts';
import type { ApprovalUses, PublishedHold } from '../../plan/approvals.ts';
import { type MemoryView, readMemoryDocument } from '../../status/memory-document.ts';
import { createTreeReader } from '../../status/tree-nodes.ts';
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
  /** By digest: what the controllers say of approvals that were carried out or are in use. */
  readonly approvals: ApprovalUses;
  /** What the controllers hold until an approval. */
  readonly holds: readonly PublishedHold[];
}

/** Of all executors. A file that cannot be read is reported: its executor may hold any key. */
export async function publishedSigning(dir: string, revision: string): Promise<PublishedSigning> {
  const repository = await openLocalRepository(dir);
  try {
    const files = new Map<string, string | undefined>();
    for (const { path, oid, type } of await repository.list(await repository.resolve(revision)))
      if (isKeysPath(path) || OTHERS.test(path))
        files.set(path, type === 'file' ? new TextDecoder().decode(await repository.read(oid)) : undefined);
    const keys = readKeys(new Map([...files].filter(([path]) => isKeysPath(path))));
    for (const executor of keys.unreadable)
      process.stderr.write(
        `warning: ${revision}:${executor}/keys.yaml cannot be read; keys of ${executor} are not shown\n`,
      );
    return { keys, memories: memoriesIn(files), ...approvalsIn(files) };
  } finally {
    await repository.close();
  }
}

const OTHERS = /^([^/]+)\/(?:memory|sync)\.yaml$/;

type Files = ReadonlyMap<string, string | undefined>;

function memoriesIn(files: Files): PublishedSigning['memories'] {
  return new Map(
    [...files].flatMap(([path, text]) => {
      const executor = /^([^/]+)\/memory\.yaml$/.exec(path)?.[1];
      return executor === undefined ? [] : [[executor, readMemoryDocument(text) ?? {}] as const];
    }),
  );
}

function approvalsIn(files: Files): Pick<PublishedSigning, 'approvals' | 'holds'> {
  const reader = createTreeReader();
  const syncs = [...files].flatMap(([path, text]) => reader.sync(path, text ?? '') ?? []);
  return {
    approvals: new Map(syncs.flatMap(({ approvals }) => approvals)),
    holds: syncs.flatMap(({ executor, held }) => (held === undefined ? [] : [{ executor, ...held }])),
  };
}
