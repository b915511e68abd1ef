// Restores whose source no file declares any more: its record or its object shows that it exists.

import type { DesiredSet } from '../../desired/desired-set.ts';
import { unknownSource } from '../../jobs/kinds/check-restore.ts';
import { recordKey } from '../../jobs/requests/planned-request.ts';
import { sourceOfRequest } from '../../jobs/requests/planned-source.ts';
import type { PublishedRecords } from './jobs.ts';

export interface KnownJobs {
  /** Of the status branch, where it is read. */
  readonly records: PublishedRecords;
  /** Jobs of the cluster, `Kind/namespace/name`. */
  readonly objects?: ReadonlySet<string>;
}

/** Without the warnings that call such a source unknown, and that name another one which looks like it. */
export function withoutKnownSources(desired: DesiredSet, { records, objects }: KnownJobs): DesiredSet {
  const known = [...desired.requests.values()].flatMap(({ request, executor, file }) => {
    const { kind, metadata, spec } = request;
    const { name, namespace = '' } = metadata;
    const source = sourceOfRequest({ kind, namespace, name, spec, executor, file });
    if (source === undefined) return [];
    const isKnown = records?.has(recordKey(source.record)) === true || objects?.has(source.key) === true;
    return isKnown ? [{ file, text: unknownSource(source.record) }] : [];
  });
  if (known.length === 0) return desired;
  const problems = desired.problems.filter(
    ({ code, file, message }) =>
      code !== 'UnknownSource' || !known.some((one) => one.file === file && message.includes(one.text)),
  );
  return { ...desired, problems };
}
