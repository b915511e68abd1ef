// Live and ready, with a clock as argument.

import { describe, expect, it } from 'vitest';

import { createHealth, type Health } from '../../src/web/health.ts';

const make = (): Health =>
  createHealth({ deadlines: { sync: 60_000, node: 30_000 }, awaits: ['first sync'], startedAt: 0 });

describe('createHealth', () => {
  it.each<{ because: string; act: (health: Health) => void; now: number; live: boolean; ready: boolean; says: string }>([
    { because: 'it waits for the first sync', act: () => undefined, now: 1, live: true, ready: false, says: 'waiting for first sync' },
    { because: 'it is ready after the first sync', act: (health) => health.arrived('first sync'), now: 1, live: true, ready: true, says: '' },
    { because: 'a loop that never finished a reconciliation hangs too', act: (health) => health.arrived('first sync'), now: 30_001, live: false, ready: false, says: 'loop node has not finished a reconciliation within 30 s' },
    { because: 'the deadline itself is in time', act: (health) => health.arrived('first sync'), now: 30_000, live: true, ready: true, says: '' },
    { because: 'a beat restarts the deadline', act: (health) => { health.arrived('first sync'); health.beat('node', 29_000); }, now: 59_000, live: true, ready: true, says: '' },
    { because: 'one loop does not beat for another', act: (health) => health.beat('sync', 50_000), now: 50_001, live: false, ready: false, says: 'loop node' },
    { because: 'a loop at rest is not watched', act: (health) => { health.rest('node'); health.rest('sync'); }, now: 1e9, live: true, ready: false, says: 'first sync' },
    { because: 'a loop is watched after its next beat', act: (health) => { health.rest('node'); health.beat('node', 1_000); }, now: 31_001, live: false, ready: false, says: 'loop node' },
  ])('$because', ({ act, now, live, ready, says }) => {
    const health = make();
    act(health);
    const state = health.state(now);
    expect({ live: state.live, ready: state.ready }).toEqual({ live, ready });
    expect(state.reasons.join('; ')).toContain(says);
    expect(state.reasons.length > 0).toBe(!live || !ready);
  }); // prettier-ignore

  it('says why what it waits for does not come, as long as that is so', () => {
    const health = make();
    health.explain('first sync', 'the Lease is held by evil');
    expect(health.state(1).reasons).toEqual(['waiting for first sync: the Lease is held by evil']);
    health.explain('first sync', undefined);
    expect(health.state(1).reasons).toEqual(['waiting for first sync']);
  });
});
