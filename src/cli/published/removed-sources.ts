// `--status-from`: requests to restore a Backup or Snapshot whose data was removed, by the job records.

import type { DesiredRequest, DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';
import { recordPath, UNREADABLE } from '../../jobs/requests/record.ts';
import { whyRemoved } from '../../jobs/model/refusal.ts';
import { sourceKeyOf } from '../../jobs/requests/restore-source.ts';
import { jobKeyOf } from '../../api/job-object.ts';
import { publishedRecords } from './records.ts';

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
  const paths = asked.flatMap(({ request, source }) => [
    pathOf(jobKeyOf(request.request), request),
    pathOf(source, request),
  ]);
  const records = await publishedRecords(dir, revision, new Map(paths.map((path) => [path, path])));
  return asked.flatMap(({ request, source }) => {
    const copy = records.get(pathOf(source, request));
    if (records.has(pathOf(jobKeyOf(request.request), request)) || copy === undefined || copy === UNREADABLE) return [];
    return copy.dataRemoved === undefined ? [] : [problemOf(request, whyRemoved(source, copy.dataRemoved))];
  });
}

/** Of the same controller. */
function pathOf(key: string, { executor }: DesiredRequest): string {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return recordPath({ executor, kind, namespace, name });
}

function problemOf({ file, line }: DesiredRequest, message: string): Problem {
  return { level: 'error', code: 'SourceRemoved', file, line, column: 1, message };
}
