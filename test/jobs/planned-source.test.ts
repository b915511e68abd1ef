// A planned Restore whose source is missing is refused, as the controller will do.

import { expect, it } from 'vitest';

import { planRequests } from '../../src/jobs/requests/plan-requests.ts';
import type { DesiredRequests, PlannedRequest, RequestSide } from '../../src/jobs/requests/planned-request.ts';
import { UNREADABLE } from '../../src/jobs/requests/record.ts';

const HEAD = { namespace: 'ns', executor: 'east', file: 'jobs/r.yaml', specDigest: 'sha256:1' };
const RESTORE: PlannedRequest = { ...HEAD, kind: 'Restore', name: 'r', spec: { node: 'a', backup: 'bk' } };
const BACKUP: PlannedRequest = { ...HEAD, kind: 'Backup', name: 'bk', spec: { node: 'a' } };
const NONE: RequestSide = { from: 'files', requests: new Map(), schedules: new Map() };
const SOURCE = 'Backup/ns/bk';

function planned(records: DesiredRequests['records'], { before = NONE, more = [] as PlannedRequest[] } = {}) {
  const requests = [RESTORE, ...more].map((one) => [`${one.kind}/${one.namespace}/${one.name}`, one] as const);
  const after: DesiredRequests = {
    from: 'files',
    requests: new Map(requests),
    schedules: new Map(),
    broken: new Set(),
    brokenFiles: new Set(),
    stopped: new Set(),
    records,
  };
  const step = planRequests(before, after).find(({ job }) => job === 'Restore ns/r');
  return `${step?.do}: ${step?.because}`;
}

const recorded = (phase: 'Complete' | 'Failed' | 'Working') =>
  new Map([[`east/${SOURCE}`, { phase, specDigest: 'sha256:2' }]]);

it('is refused without a record of it, and when it failed', () => {
  expect(planned(new Map())).toBe(
    'refuse: Backup ns/bk does not exist: the status branch has no record of it. Name another source',
  );
  expect(planned(recorded('Failed'))).toBe('refuse: Backup ns/bk ended Failed: there is nothing to restore');
});

it.each([
  { because: 'its source is complete', records: recorded('Complete') },
  { because: 'its source is being made', records: recorded('Working') },
  { because: 'the record of its source cannot be read', records: new Map([[`east/${SOURCE}`, UNREADABLE] as const]) },
  { because: 'the status branch is not read', records: undefined },
  { because: 'its source is in the same commit', records: new Map(), more: [BACKUP] },
  {
    because: 'its source was filed before',
    records: new Map(),
    before: { ...NONE, requests: new Map([[SOURCE, BACKUP]]) },
  },
  { because: 'its source has an object', records: new Map(), before: { ...NONE, objects: new Set([SOURCE]) } },
])('runs when $because', ({ records, ...more }) => {
  expect(planned(records, more)).toMatch(/^run: /);
});
