// Which nodes the stored status of a job pauses: others may write it.

import { describe, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import { NOTHING } from '../../src/controller/engine/memory-data.ts';
import { learnPauses } from '../../src/controller/job/records/learn-pauses.ts';
import { createPauses } from '../../src/controller/node/pauses.ts';
import { UID } from './support/fixtures.ts';

function aJob(paused: string[], spec: Record<string, unknown> = { node: 'a' }): JobObject {
  const metadata = { name: 'one', namespace: 'prod', uid: UID };
  return { apiVersion: API_VERSION, kind: 'Backup', metadata, spec, status: { phase: 'Working', paused } };
}

const unknown = { current: { ...NOTHING, origin: '', jobs: undefined } };
const remembers = (jobs: Record<string, string>) => ({ current: { ...unknown.current, jobs } });
const bound = remembers({ 'Backup/prod/one': UID });

describe('the pauses of a status', () => {
  it.each([
    { because: 'of a job that is bound', memory: bound },
    { because: 'while the memory is lost', memory: unknown },
  ])('are of the nodes of its spec $because', ({ memory }) => {
    const pauses = createPauses();
    expect(learnPauses(aJob(['a', 'x']), { memory, pauses })).toEqual(['prod/a']);
    expect(pauses.of('prod/x')).toBeUndefined();
  });

  it('of another job count for nothing', () => {
    const pauses = createPauses();
    expect(learnPauses(aJob(['a']), { memory: remembers({}), pauses })).toEqual([]);
  });

  it('stay when the spec is changed, and end with the hold', () => {
    const pauses = createPauses();
    learnPauses(aJob(['a']), { memory: bound, pauses });
    expect(learnPauses(aJob(['a'], { node: 'b' }), { memory: bound, pauses })).toEqual([]);
    expect(pauses.of('prod/a')).toBeDefined();
    expect(learnPauses(aJob([]), { memory: bound, pauses })).toEqual(['prod/a']);
  });

  it('count where the spec cannot be read', () =>
    expect(learnPauses(aJob(['a'], {}), { memory: bound, pauses: createPauses() })).toEqual(['prod/a']));
});
