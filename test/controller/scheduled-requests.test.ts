// Which requests of a schedule are wanted, and as what: a changed template changes no run that was claimed before.

import { describe, expect, it } from 'vitest';

import type { DesiredSchedule } from '../../src/desired/desired-set.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { digestOf } from '../../src/lib/hash.ts';
import { scheduledRequests } from '../../src/controller/job/schedules/scheduled-requests.ts';

const template = { kind: 'Backup', spec: { node: 'a' } } as const;
const schedule: DesiredSchedule = {
  name: 'nightly',
  namespace: 'prod',
  spec: {
    schedule: '0 3 * * *',
    timeZone: 'UTC',
    concurrencyPolicy: 'Replace',
    startingDeadlineSeconds: 3600,
    suspend: false,
    template,
  },
  executor: 'east',
  file: 'schedules/nightly.yaml',
  line: 1,
};

function run(name: string, more: Partial<JobRecord> = {}): JobRecord {
  return {
    kind: 'Backup',
    namespace: 'prod',
    name,
    executor: 'east',
    specDigest: digestOf(template),
    phase: 'Claimed',
    schedule: 'prod/nightly',
    claimedAt: `2026-01-01T00:00:${name.length}0Z`,
    ...more,
  };
}

const names = (...given: Parameters<typeof scheduledRequests>) =>
  scheduledRequests(...given).map(({ request, withdrawn }) => [request.metadata.name, withdrawn]);

describe('wanted are', () => {
  it('the run that is filed and those under way, none that has ended', () => {
    const runs = [run('a', { phase: 'Working' }), run('b', { phase: 'Complete' })];
    expect(names(schedule, runs, 'new')).toEqual([
      ['new', undefined],
      ['a', undefined],
    ]);
  });

  it('as the template says, for its own executor', () => {
    const [request] = scheduledRequests(schedule, [], 'new');
    expect(request).toMatchObject({
      request: {
        kind: 'Backup',
        metadata: { name: 'new', namespace: 'prod' },
        spec: { node: 'a', executor: 'east', action: 'StopAndStart' },
      },
      schedule: 'prod/nightly',
      file: 'schedules/nightly.yaml',
      specDigest: run('new').specDigest,
    });
  });

  it('with Replace none that waits behind a newer one', () => {
    const took = 'a newer run of its schedule took its place';
    expect(names(schedule, [run('a'), run('aa')], undefined)).toEqual([
      ['a', took],
      ['aa', undefined],
    ]);
    const allow = { ...schedule, spec: { ...schedule.spec, concurrencyPolicy: 'Allow' as const } };
    expect(names(allow, [run('a'), run('aa')], undefined)).toEqual([
      ['a', undefined],
      ['aa', undefined],
    ]);
  });

  it.each([
    { because: 'of another kind', other: { kind: 'Snapshot', specDigest: 'sha256:1' } },
    { because: 'of other content', other: { specDigest: 'sha256:1' } },
  ])('runs that were claimed with a template $because, as they were claimed', ({ other }) => {
    const known = { ...run('a', other), uid: 'u1' };
    expect(scheduledRequests(schedule, [known], undefined)).toMatchObject([
      { request: { kind: known.kind, metadata: { name: 'a' } }, specDigest: 'sha256:1' },
    ]);
    expect(names(schedule, [known], undefined)).toEqual([['a', undefined]]);
    // There is nothing that an object could be made of.
    expect(names(schedule, [run('a', other)], undefined)).toEqual([['a', 'its schedule was changed']]);
  });
});
