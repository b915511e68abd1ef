// Requests are claimed only while the memory has room for what their jobs may need.

import { describe, expect, it } from 'vitest';

import type { Decision } from '../../src/jobs/requests/admission.ts';
import { neededFor, withinRoom } from '../../src/jobs/requests/room.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';

const MIB = 1024 * 1024;

function recordFor(name: string): JobRecord {
  return { kind: 'Backup', namespace: 'prod', name, executor: 'here', specDigest: 'sha256:1', phase: 'Claimed' };
}

function claims(count: number, nodes = ['a']): readonly Decision[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `j${index}`;
    return { do: 'claim', key: `Backup/prod/${name}`, record: { ...recordFor(name), nodes } };
  });
}

const files = new Map([['Backup/prod/j1', 'jobs/j1.yaml']]);
const claimed = (decisions: readonly Decision[], used = 0) =>
  withinRoom(decisions, { used: () => ({ total: used }), files }).filter(({ do: what }) => what === 'claim').length;

describe('the room for jobs', () => {
  it('is less than what the API server accepts, also when each job needs all that it may', () => {
    const fit = claimed(claims(2000));
    expect(fit).toBeGreaterThan(350);
    expect(fit * neededFor({ nodes: ['a'] })).toBeLessThan(MIB * 0.81);
  });

  it('is smaller for jobs on many nodes', () =>
    expect(claimed(claims(2000, ['a', 'b', 'c', 'd', 'e']))).toBeLessThan(claimed(claims(2000)) / 1.9));

  it('is what is left by others, and a request that does not fit waits', () => {
    const decisions = claims(2);
    const used = MIB * 0.8 - neededFor({ nodes: ['a'] });
    const [first, second] = withinRoom(decisions, {
      used: () => ({ total: used, largest: { name: 'its member pad', size: 5000 } }),
      files,
    });
    expect(first).toBe(decisions[0]);
    expect(second).toMatchObject({ do: 'refuse', reason: 'MemoryFull', file: 'jobs/j1.yaml' });
    expect(JSON.stringify(second)).toContain('of which its member pad takes 5 of 1024 KiB');
  });

  it('is needed by claims alone, also where they stand among other decisions', () => {
    const bind: Decision = { do: 'bind', key: 'Backup/prod/j9', record: { ...recordFor('j9'), nodes: ['a'] } };
    const decisions = [bind, ...claims(1), bind];
    const used = MIB * 0.8 - neededFor({ nodes: ['a'] });
    expect(withinRoom(decisions, { used: () => ({ total: used }), files })).toEqual(decisions);
    expect(withinRoom(decisions, { used: () => ({ total: used + 1 }), files }).map(({ do: what }) => what)).toEqual([
      'bind',
      'refuse',
      'bind',
    ]);
  });

  it('does not matter to jobs that were claimed', () => {
    const bind: Decision = { do: 'bind', key: 'Backup/prod/j0', record: recordFor('j0') };
    const used = () => expect.unreachable();
    expect(withinRoom([bind], { used, files })).toEqual([bind]);
  });
});
