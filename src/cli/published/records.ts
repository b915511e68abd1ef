// `--status-from`: the records of job requests.

import { openLocalRepository } from '../../git/local.ts';
import { type JobRecord, parseRecord, type UNREADABLE } from '../../jobs/requests/record.ts';
import { readJobDocument } from '../../status/job-document.ts';

/** Of the requests that are asked for, by their names: only those that have one. `asked`: the path of each. */
export async function publishedRecords(
  dir: string,
  revision: string,
  asked: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, JobRecord | typeof UNREADABLE>> {
  const found = new Map<string, JobRecord | typeof UNREADABLE>();
  if (asked.size === 0) return found;
  const repository = await openLocalRepository(dir);
  try {
    const entries = await repository.list(await repository.resolve(revision));
    const oids = new Map(entries.map(({ path, oid, type }) => [path, type === 'file' ? oid : undefined]));
    for (const [name, path] of asked) {
      if (!oids.has(path)) continue;
      const oid = oids.get(path);
      const text = oid === undefined ? '' : new TextDecoder().decode(await repository.read(oid));
      found.set(name, parseRecord(readJobDocument(text)));
    }
    return found;
  } finally {
    await repository.close();
  }
}
