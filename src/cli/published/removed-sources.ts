// `--status-from`: requests to restore a Backup or Snapshot whose data was removed, by the job records.

import type { DesiredRequest, DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';
import { openLocalRepository } from '../../git/local.ts';
import { type JobRecord, parseRecord, recordPath, UNREADABLE } from '../../jobs/requests/record.ts';
import { whyRemoved } from '../../jobs/model/refusal.ts';
import { sourceKeyOf } from '../../jobs/requests/restore-source.ts';
import { jobKeyOf } from '../../api/job-object.ts';
import { readJobDocument } from '../../status/job-document.ts';

/** A request that has a record runs no second time, so that nothing is wrong with it. Reads only the records that matter. */
export async function removedSourceProblems(
  dir: string,
  revision: string,
  { requests }: Pick<DesiredSet, 'requests'>,
): Promise<readonly Problem[]> {
  const asked = [...requests.values()].flatMap((request) => {
    const source = request.request.kind === 'Restore' ? sourceKeyOf(request.request) : undefined;
    return source === undefined ? [] : [{ request, source }];
  });
  if (asked.length === 0) return [];
  const repository = await openLocalRepository(dir);
  try {
    const oids = new Map(
      (await repository.list(await repository.resolve(revision))).flatMap(({ path, oid, type }) =>
        type === 'file' ? [[path, oid]] : [],
      ),
    );
    const read = async (path: string): Promise<JobRecord | undefined> => {
      const oid = oids.get(path);
      if (oid === undefined) return undefined;
      const record = parseRecord(readJobDocument(new TextDecoder().decode(await repository.read(oid))));
      return record === UNREADABLE ? undefined : record;
    };
    const problems: Problem[] = [];
    for (const { request, source } of asked) {
      if (oids.has(pathOf(jobKeyOf(request.request), request))) continue;
      const because = (await read(pathOf(source, request)))?.dataRemoved;
      if (because !== undefined) problems.push(problemOf(request, whyRemoved(source, because)));
    }
    return problems;
  } finally {
    await repository.close();
  }
}

/** Of the same controller. */
function pathOf(key: string, { executor }: DesiredRequest): string {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return recordPath({ executor, kind, namespace, name });
}

function problemOf({ file, line }: DesiredRequest, message: string): Problem {
  return { level: 'error', code: 'SourceRemoved', file, line, column: 1, message };
}
