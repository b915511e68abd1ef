// What a pull request's plan says of requests and schedules.

import { describe, expect, it } from 'vitest';

import type { Suspension } from '../../src/api/fleet.ts';
import type { JobPhase } from '../../src/api/job-phase.ts';
import { JobScheduleSpec } from '../../src/api/job-schedule.ts';
import { planRequests } from '../../src/jobs/requests/plan-requests.ts';
import type {
  RequestSide,
  PlannedRequest,
  PlannedSchedule,
  DesiredRequests,
} from '../../src/jobs/requests/planned-request.ts';
import { UNREADABLE } from '../../src/jobs/requests/record.ts';

const REQUEST = { kind: 'Backup', namespace: 'ns', name: 'r', executor: 'east', file: 'jobs/r.yaml' };

function side(requests: readonly PlannedRequest[], more: Partial<DesiredRequests> = {}): DesiredRequests {
  const keyed = requests.map((one) => [`${one.kind}/${one.namespace}/${one.name}`, one] as const);
  return {
    from: 'files',
    objects: new Set(['Backup/ns/b', 'Snapshot/ns/s']),
    requests: new Map(keyed),
    schedules: new Map(),
    broken: new Set(),
    brokenFiles: new Set(),
    stopped: new Set(),
    records: new Map(),
    ...more,
  };
}

function asked(kind: string, spec: object, more: Partial<PlannedRequest> = {}): PlannedRequest {
  return { ...REQUEST, kind, spec, specDigest: JSON.stringify(spec), ...more };
}

const NONE = side([]);
const BACKUP = asked('Backup', { node: 'a' });

describe('a new request runs', () => {
  it.each([
    { kind: 'Backup', spec: { node: 'a' }, says: 'stops a, copies its volumes to a new PVC, and starts it again' },
    {
      kind: 'Backup',
      spec: { node: 'a', action: 'Direct' },
      says: 'copies the volumes of a to a new PVC without stopping it',
    },
    {
      kind: 'Restore',
      spec: { node: 'a', backup: 'b' },
      says: 'stops a, replaces its data by Backup b (its keys stay), and starts it again',
    },
    {
      kind: 'Restore',
      spec: { node: 'a', snapshot: 's', action: 'Direct' },
      says: 'replaces the data of a, which must be stopped, by Snapshot s; its keys stay',
    },
    {
      kind: 'Snapshot',
      spec: { node: 'a', blockHeight: 7 },
      says: 'at height 7, stops a, keeps its state on a new PVC, and starts it again',
    },
    {
      kind: 'BlockHeightFallback',
      spec: { nodes: ['a', 'b'], blockHeight: 7 },
      says: 'brings a and b back to height 7',
    },
    {
      kind: 'Switchover',
      spec: { sourceNode: 'a', destNode: 'b' },
      says: 'stops a and b, exchanges the keys they sign with, and starts them again. When it is complete, exchange spec.identity.secretName in the files of both nodes',
    },
    {
      kind: 'ChangeOwner',
      spec: { node: 'a', uid: 5 },
      says: 'stops a, gives all its files to 5:1000, and starts it again',
    },
    {
      kind: 'ChangeOwner',
      spec: { node: 'a', action: 'Direct' },
      says: 'gives all files of a to 1000:1000 without stopping it',
    },
  ])('$kind $spec: $says', ({ kind, spec, says }) => {
    const [step, ...more] = planRequests(NONE, side([asked(kind, spec)]));
    expect(more).toEqual([]);
    expect(step).toMatchObject({ do: 'run', job: `${kind} ns/r`, executor: 'east', file: 'jobs/r.yaml' });
    expect(step?.because).toContain(says);
    expect(step?.because).toMatch(/; once$/);
  });

  it.each([
    {
      kind: 'Restore',
      spec: { node: 'a', backup: 'b' },
      says: /^keeps a stopped, as spec\.desiredState asks, replaces its data by Backup b .*, and does not start it; once$/,
    },
    { kind: 'Backup', spec: { node: 'a' }, says: /^keeps a stopped, .* copies its volumes .* does not start it;/ },
    {
      kind: 'Snapshot',
      spec: { node: 'a', blockHeight: 7 },
      says: /^at height 7, keeps a stopped, .* does not start it;/,
    },
    {
      kind: 'ChangeOwner',
      spec: { node: 'a' },
      says: /^keeps a stopped, .* gives all its files .* does not start it;/,
    },
    {
      kind: 'Backup',
      spec: { node: 'a', action: 'Direct' },
      says: /^keeps a stopped, .* copies its volumes .* does not start it;/,
    },
    {
      kind: 'ChangeOwner',
      spec: { node: 'a', action: 'Direct' },
      says: /^keeps a stopped, .* gives all its files .* does not start it;/,
    },
    {
      kind: 'Restore',
      spec: { node: 'a', backup: 'b', action: 'Direct' },
      says: /^keeps a stopped, .* replaces its data .* does not start it;/,
    },
    {
      kind: 'Switchover',
      spec: { sourceNode: 'a', destNode: 'b' },
      says: /^stops b, keeps a stopped, as spec\.desiredState asks, exchanges .*, and starts b again\./,
    },
    {
      kind: 'BlockHeightFallback',
      spec: { nodes: ['a', 'b'], blockHeight: 7 },
      says: /^brings a and b back .*, stopped meanwhile .*; does not start a: spec\.desiredState is Stopped;/,
    },
    {
      kind: 'Retention',
      spec: { node: 'a', schedule: 's', destination: { objectStorage: { name: 'far' } }, keep: { last: 1 } },
      says: /; a stays stopped;/,
    },
  ])('$kind leaves a node stopped that its spec stops', ({ kind, spec, says }) => {
    const stopped = new Set(['ns/a', 'other/b']);
    expect(planRequests(NONE, side([asked(kind, spec)], { stopped }))[0]?.because).toMatch(says);
  });

  it('knows nothing of a node that another tool deploys', () => {
    const backup = asked('Backup', { node: 'a', chain: 'c', deployMethod: 'helm' });
    const [step] = planRequests(NONE, side([backup], { stopped: new Set(['ns/a']) }));
    expect(step?.because).toMatch(/^stops a, /);
  });

  it('that is not complete is planned by its kind alone', () => {
    expect(planRequests(NONE, side([asked('Backup', {})]))[0]?.because).toBe('does what Backup is for; once');
  });

  it('may have ended before, where the status branch is not read', () => {
    const cluster: RequestSide = { from: 'cluster', requests: new Map(), schedules: new Map() };
    const unread = side([BACKUP], { records: undefined });
    for (const before of [cluster, NONE])
      expect(planRequests(before, unread)[0]?.because).toMatch(/once, and not if its result is .* --status-from\)$/);
  });
});

describe('requests on both sides', () => {
  it('the same: nothing', () => {
    expect(planRequests(side([BACKUP]), side([BACKUP]))).toEqual([]);
  });

  it('moved to another file: nothing', () => {
    expect(planRequests(side([BACKUP]), side([{ ...BACKUP, file: 'jobs/old/r.yaml' }]))).toEqual([]);
  });

  it('edited: refused, for it was merged once', () => {
    const [step] = planRequests(side([BACKUP]), side([asked('Backup', { node: 'b' })], { records: undefined }));
    expect(step).toMatchObject({ do: 'refuse', because: expect.stringContaining('under a new name') });
  });

  it('an object of the cluster has defaults: no edit', () => {
    const { specDigest: _, ...live } = asked('Backup', { node: 'a', action: 'StopAndStart' });
    expect(planRequests({ ...side([live]), from: 'cluster' }, side([BACKUP]))).toEqual([]);
    expect(planRequests(side([BACKUP]), side([live]))).toEqual([]);
  });
});

describe('what the status branch says of a request', () => {
  const edited = asked('Backup', { node: 'b' });
  const cluster: RequestSide = { ...NONE, from: 'cluster' };
  const recorded = (phase: JobPhase): Partial<DesiredRequests> => ({
    records: new Map([['east/Backup/ns/r', { phase, specDigest: BACKUP.specDigest ?? '', endedAt: 'noon' }]]),
  });
  const unreadable = { records: new Map([['east/Backup/ns/r', UNREADABLE] as const]) };
  const plan = (before: RequestSide, after: DesiredRequests): readonly string[] =>
    planRequests(before, after).map((step) => `${step.do}: ${step.because}`);

  it('a name that was used up is refused where it is filed again, and no change of a cluster', () => {
    expect(plan(NONE, side([BACKUP], recorded('Complete')))).toEqual([
      'refuse: it has run already (Complete at noon), and a request runs once: to run it again, file a new one under a new name',
    ]);
    for (const phase of ['Refused', 'Cancelled'] as const)
      expect(plan(NONE, side([BACKUP], recorded(phase)))).toEqual([
        `refuse: it ended ${phase} at noon and did not run, and a name is used once: file a new one under a new name`,
      ]);
    expect(plan(cluster, side([BACKUP], recorded('Complete')))).toEqual([]);
    expect(plan(NONE, side([BACKUP], recorded('Working')))).toEqual([]);
  });

  it('one that was claimed with other content is refused, also where its object is gone', () => {
    for (const before of [NONE, side([BACKUP]), cluster])
      expect(plan(before, side([edited], recorded('Complete')))).toEqual([
        expect.stringMatching(/^refuse: it was merged/),
      ]);
  });

  it('one that was edited before it was claimed runs', () => {
    expect(plan(side([BACKUP]), side([edited]))).toEqual([expect.stringMatching(/^run: .*; once$/)]);
  });

  it('put back as it was claimed, it is refused no more', () => {
    expect(plan(side([edited]), side([BACKUP], recorded('Working')))).toEqual([]);
  });

  it('a record that cannot be read blocks its request', () => {
    expect(plan(NONE, side([BACKUP], unreadable))).toEqual([
      expect.stringMatching(/^refuse: its record .* cannot be read/),
    ]);
    expect(plan(side([BACKUP]), side([], unreadable))).toEqual([]);
  });

  it('nothing becomes of the removed file of one that has ended', () => {
    expect(plan(side([BACKUP]), side([], recorded('Failed')))).toEqual([]);
    expect(plan(side([BACKUP]), side([], recorded('Locked')))).toEqual([
      expect.stringMatching(/^withdraw: its file is gone: cancelled/),
    ]);
    expect(plan(side([BACKUP]), NONE)).toEqual([expect.stringMatching(/^withdraw: .* was not claimed/)]);
  });
});

describe('the annotation that releases a job which ended Held', () => {
  const released = { ...BACKUP, isReleased: true };
  const cluster: RequestSide = { ...NONE, from: 'cluster' };
  const record = { specDigest: BACKUP.specDigest ?? '', message: 'the copy failed' };
  const recorded = (paused?: string[], phase: JobPhase = 'Held'): Partial<DesiredRequests> => ({
    records: new Map([['east/Backup/ns/r', { ...record, phase, ...(paused === undefined ? {} : { paused }) }]]),
  });
  const plan = (before: RequestSide, more: Partial<DesiredRequests>): readonly string[] =>
    planRequests(before, side([released], more)).map((step) => `${step.do}: ${step.because}`);
  const starts = (nodes: string): string =>
    `release: starts ${nodes} without proof, although it ended Held: the copy failed`;

  it('starts the nodes that it keeps stopped', () => {
    expect(plan(side([BACKUP]), recorded(['a', 'b']))).toEqual([starts('a and b')]);
    expect(plan(cluster, recorded(['a']))).toEqual([starts('a')]);
    const object = { ...BACKUP, specDigest: undefined, ended: { paused: ['b'], message: 'the copy failed' } };
    expect(plan({ ...side([object]), from: 'cluster' }, { records: undefined })).toEqual([starts('b')]);
  });

  it('leaves a node stopped that its spec stops', () => {
    const stopped = new Set(['ns/a']);
    expect(plan(side([BACKUP]), { ...recorded(['a', 'b']), stopped })).toEqual([
      'release: starts b without proof, lets a start later, without proof, although it ended Held: the copy failed',
    ]);
  });

  it('is of unknown effect where the status branch is not read', () => {
    expect(plan(side([BACKUP]), { records: undefined })).toEqual([
      expect.stringMatching(/^release: if it ended Held, starts .* --status-from\)$/),
    ]);
  });

  it('changes nothing where it stood before, and nothing of a job that keeps no node stopped', () => {
    expect(plan(side([released]), recorded(['a']))).toEqual([]);
    expect(plan(side([BACKUP]), recorded())).toEqual([]);
    expect(plan(side([BACKUP]), recorded(['a'], 'Starting'))).toEqual([]);
    expect(plan(side([BACKUP]), { records: new Map([['east/Backup/ns/r', UNREADABLE]]) })).toEqual([]);
    expect(plan(side([BACKUP]), {})).toEqual([]);
  });
});

describe('an object of the cluster', () => {
  const object = { ...BACKUP, specDigest: undefined, objectDigest: 'one' };
  const cluster = (more: Partial<PlannedRequest> = {}): RequestSide => ({
    ...side([{ ...object, ...more }]),
    from: 'cluster',
  });

  it('refuses a file that says something else', () => {
    const plan = planRequests(cluster(), side([{ ...BACKUP, objectDigest: 'two' }]));
    expect(plan).toMatchObject([{ do: 'refuse', because: expect.stringContaining('put the file back') }]);
    expect(planRequests(cluster(), side([{ ...BACKUP, objectDigest: 'one' }]))).toEqual([]);
  });

  it('is withdrawn once', () => {
    expect(planRequests(cluster(), NONE)).toMatchObject([{ do: 'withdraw' }]);
    expect(planRequests(cluster({ isWithdrawn: true }), NONE)).toEqual([]);
  });
});

describe('a request that uses more than the default policy allows', () => {
  const needsApproval = { rules: ['RootOwner'], digest: 'sha256:needed' };
  const owner = asked('ChangeOwner', { node: 'a', uid: 0 }, { needsApproval });

  it('is held, and says how to release it', () => {
    expect(planRequests(NONE, side([owner]))).toMatchObject([
      {
        do: 'run',
        exceptions: ['RootOwner'],
        hold: { guard: 'PolicyException', release: expect.stringContaining('sha256:needed') },
      },
    ]);
  });

  it('runs after its approval, and still says what it uses', () => {
    const [step] = planRequests(NONE, side([owner], { approvals: new Set(['sha256:needed']) }));
    expect(step?.exceptions).toEqual(['RootOwner']);
    expect(step?.hold).toBeUndefined();
  });
});

describe('a request that is gone', () => {
  it('is withdrawn', () => {
    expect(planRequests(side([BACKUP]), NONE)).toMatchObject([{ do: 'withdraw', job: 'Backup ns/r' }]);
  });

  it.each([
    { because: 'its file has an error', more: { brokenFiles: new Set(['jobs/r.yaml']) } },
    { because: 'it has an error itself', more: { broken: new Set(['Backup/ns/r']) } },
  ])('is not withdrawn when $because', ({ more }) => {
    expect(planRequests(side([BACKUP]), side([], more))).toEqual([]);
  });
});

it('requests come in the order of their names, those of one side and those of both', () => {
  const named = (...names: readonly string[]) => side(names.map((name) => ({ ...BACKUP, name })));
  const steps = planRequests(named('c', 'b'), named('d', 'a'));
  expect(steps.map((step) => step.job)).toEqual(['a', 'b', 'c', 'd'].map((name) => `Backup ns/${name}`));
});

describe('schedules', () => {
  const schedule = (change: object = {}): ReadonlyMap<string, PlannedSchedule> => {
    const template = { kind: 'Backup', spec: { node: 'a' } };
    const spec = JobScheduleSpec.parse({ schedule: '0 3 * * *', keep: { last: 3 }, template, ...change });
    return new Map([['ns/n', { namespace: 'ns', name: 'n', executor: 'east', file: 'schedules/n.yaml', spec }]]);
  };
  const withSchedule = (change?: object): DesiredRequests => side([], { schedules: schedule(change) });

  it.each([
    {
      because: 'a new one',
      from: NONE,
      to: withSchedule(),
      want: {
        do: 'schedule',
        because:
          'files a Backup at "0 3 * * *" (UTC, Forbid) that stops a, copies its volumes to a new PVC, and starts it again; keeps the last 3, 0 daily and 0 weekly',
      },
    },
    {
      because: 'another time',
      from: withSchedule(),
      to: withSchedule({ schedule: '0 4 * * *' }),
      want: { do: 'schedule', because: expect.stringContaining('"0 4 * * *"') },
    },
    {
      because: 'suspended',
      from: withSchedule(),
      to: withSchedule({ suspend: true }),
      want: { do: 'schedule', because: expect.stringMatching(/^is suspended; otherwise files a Backup/) },
    },
    {
      because: 'another deadline only',
      from: withSchedule(),
      to: withSchedule({ startingDeadlineSeconds: 60 }),
      want: { do: 'schedule' },
    },
    {
      because: 'without a rule for old backups',
      from: withSchedule(),
      to: withSchedule({ keep: undefined }),
      want: { do: 'schedule', because: expect.stringMatching(/; keeps all$/) },
    },
    { because: 'gone', from: withSchedule(), to: NONE, want: { do: 'unschedule', file: 'schedules/n.yaml' } },
  ])('$because', ({ from, to, want }) => {
    expect(planRequests(from, to)).toMatchObject([{ job: 'JobSchedule ns/n', executor: 'east', ...want }]);
  });

  it('come in the order of their names', () => {
    const [[, one]] = [...schedule()] as [[string, PlannedSchedule]];
    const named = (...names: readonly string[]) =>
      side([], { schedules: new Map(names.map((name) => [`ns/${name}`, { ...one, name }])) });
    const steps = planRequests(named('c'), named('b', 'a'));
    expect(steps.map((step) => step.job)).toEqual(['a', 'b', 'c'].map((name) => `JobSchedule ns/${name}`));
  });

  it('says that a stopped node stays so', () => {
    const stopped = new Set(['ns/a']);
    const [step] = planRequests(NONE, { ...withSchedule(), stopped });
    expect(step?.because).toMatch(/that keeps a stopped, .* and does not start it; keeps the last 3/);
  });

  it.each([
    { because: 'the same', from: withSchedule(), to: withSchedule() },
    {
      because: 'its file can not be read',
      from: withSchedule(),
      to: side([], { brokenFiles: new Set(['schedules/n.yaml']) }),
    },
  ])('nothing: $because', ({ from, to }) => {
    expect(planRequests(from, to)).toEqual([]);
  });
});

describe('while something is suspended', () => {
  const suspensions = (of?: Suspension, ofFleet?: Suspension) => ({ ofFleet: () => ofFleet, of: () => of });
  const FLEET = { by: 'Fleet' } as const;
  const template = { kind: 'Backup', spec: { node: 'a' } } as const;
  const spec = JobScheduleSpec.parse({ schedule: '0 3 * * *', template });
  const schedules = new Map([
    ['ns/s', { namespace: 'ns', name: 's', executor: 'east', file: 'schedules/s.yaml', spec }],
  ]);

  it.each([
    { what: suspensions(FLEET, FLEET), run: '; it waits while the Fleet is suspended', runs: '; its runs are skipped while the Fleet is suspended' },
    { what: suspensions({ by: 'Folder', folder: 'nodes/x' }), run: '; it waits while the folder nodes/x is suspended', runs: '; each run waits while the folder nodes/x is suspended' },
    { what: suspensions({ by: 'Node' }), run: '; it waits while a is suspended', runs: '; each run waits while a is suspended' },
    { what: suspensions(), run: '; once', runs: '; keeps all' },
  ])('a request says that it waits: $run', ({ what, run, runs }) => {
    const steps = planRequests(NONE, side([BACKUP], { suspensions: what, schedules }));
    expect(steps.map(({ because }) => because.slice(-Math.max(run.length, 1)))[0]).toBe(run);
    expect(steps[1]?.because.endsWith(runs)).toBe(true);
  }); // prettier-ignore
});
