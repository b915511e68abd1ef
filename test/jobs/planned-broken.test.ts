// What a plan says of a job whose file gets an error after it was claimed.

import { expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-phase.ts';
import { planRequests } from '../../src/jobs/requests/plan-requests.ts';
import type { DesiredRequests, PlannedRequest, RequestSide } from '../../src/jobs/requests/planned-request.ts';

const BACKUP: PlannedRequest = {
  kind: 'Backup',
  namespace: 'ns',
  name: 'r',
  executor: 'east',
  file: 'jobs/r.yaml',
  spec: { node: 'a' },
  specDigest: 'one',
};
const OBJECT: PlannedRequest = { ...BACKUP, specDigest: undefined };

const before = (request: PlannedRequest, from: RequestSide['from'] = 'files'): RequestSide => ({
  from,
  requests: new Map([['Backup/ns/r', request]]),
  schedules: new Map(),
});
const none = { from: 'files', requests: new Map(), schedules: new Map(), stopped: new Set<string>() } as const;
const broken = [
  { broken: new Set(['Backup/ns/r']), brokenFiles: new Set<string>() },
  { broken: new Set<string>(), brokenFiles: new Set(['jobs/r.yaml']) },
];
const record = (phase: JobPhase): DesiredRequests['records'] =>
  new Map([['east/Backup/ns/r', { phase, specDigest: 'one' }]]);

interface Row {
  readonly because: string;
  readonly then: RequestSide;
  readonly records: DesiredRequests['records'];
  readonly says: readonly RegExp[];
}

const ERROR = '^refuse: its file has an error, so what it says now is not run, .*: ';
const rows: readonly Row[] = [
  { because: 'works', then: before(BACKUP), records: record('Working'), says: [new RegExp(`${ERROR}it is Working, and continues as it was then: to cancel it`)] },
  { because: 'has ended', then: before(BACKUP), records: record('Complete'), says: [] },
  { because: 'was not claimed', then: before(BACKUP), records: new Map(), says: [] },
  { because: 'may have been claimed', then: before(BACKUP), records: undefined, says: [new RegExp(`${ERROR}if it was claimed, it continues as it was then`)] },
  { because: 'has an object under way', then: before(OBJECT, 'cluster'), records: undefined, says: [new RegExp(`${ERROR}it is under way, and continues as it was then`)] },
]; // prettier-ignore

it.each(rows)('that $because', ({ then, records, says }) => {
  for (const errors of broken)
    expect(planRequests(then, { ...none, ...errors, records }).map((step) => `${step.do}: ${step.because}`)).toEqual(
      says.map((one) => expect.stringMatching(one)),
    );
});
