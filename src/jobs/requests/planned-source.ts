// Whether a planned Restore has something to restore.

import { API_VERSION } from '../../api/group.ts';
import { isFinal } from '../../api/job-phase.ts';
import { type DesiredRequests, type PlannedRequest, type RequestSide, recordKey } from './planned-request.ts';
import { UNREADABLE } from './record.ts';
import { sourceKeyOf } from './restore-source.ts';

/** Why the controller will refuse it; undefined also where the status branch is not read. A source of the same commit may be complete by then. */
export function whyNoSource(
  request: PlannedRequest,
  before: Pick<RequestSide, 'requests' | 'objects'>,
  after: DesiredRequests,
): string | undefined {
  const source = sourceOfRequest(request);
  if (source === undefined || after.records === undefined) return undefined;
  const record = after.records.get(recordKey(source.record));
  if (record === UNREADABLE) return undefined;
  if (record !== undefined)
    return isFinal(record.phase) && record.phase !== 'Complete'
      ? `${nameOf(source)} ended ${record.phase}: there is nothing to restore`
      : undefined;
  const isKnown = [before.requests, before.objects, after.requests].some((side) => side?.has(source.key) === true);
  return isKnown
    ? undefined
    : `${nameOf(source)} does not exist: the status branch has no record of it. Name another source`;
}

function nameOf({ record: { kind, namespace, name } }: { readonly record: Source }): string {
  return `${kind} ${namespace}/${name}`;
}

type Source = Pick<PlannedRequest, 'executor' | 'kind' | 'namespace' | 'name'>;

/** The Backup or Snapshot that a Restore names, with the place of its record. */
export function sourceOfRequest({
  kind,
  namespace,
  name,
  spec,
  executor,
}: PlannedRequest): { readonly key: string; readonly record: Source } | undefined {
  if (kind !== 'Restore' || typeof spec !== 'object' || spec === null) return undefined;
  const key = sourceKeyOf({ apiVersion: API_VERSION, kind, metadata: { name, namespace }, spec: { ...spec } });
  const [sourceKind = '', , sourceName = ''] = key?.split('/') ?? [];
  return key === undefined ? undefined : { key, record: { executor, kind: sourceKind, namespace, name: sourceName } };
}
