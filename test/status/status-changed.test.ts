// When a status is worth a write.

import { describe, expect, it } from 'vitest';

import type { NodeStatus } from '../../src/api/blockchain-node.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { isUrgent, onlyWordsChanged, statusChanged } from '../../src/status/status-changed.ts';
import { facts, NOW, observe } from './builders.ts';

const limits = { heightIntervalMs: 60_000 };
const before = nodeStatus(observe());

describe('statusChanged', () => {
  it.each<{ because: string; next: NodeStatus; seconds: number; want: boolean }>([
    { because: 'nothing is new', next: before, seconds: 3600, want: false },
    { because: 'only the time of looking is new', next: { ...before, observedAt: '2027-01-01T00:00:00Z' }, seconds: 3600, want: false },
    { because: 'a height is not news at once', next: nodeStatus(observe({ facts: facts({ height: 1_001 }) })), seconds: 5, want: false },
    { because: 'a height is written after the interval', next: nodeStatus(observe({ facts: facts({ height: 1_001 }) })), seconds: 60, want: true },
    { because: 'peers are figures', next: nodeStatus(observe({ facts: facts({ peers: 3 }) })), seconds: 5, want: false },
    { because: 'a phase is news', next: nodeStatus(observe({ facts: facts({ syncing: true }) })), seconds: 1, want: true },
    { because: 'a client version is news', next: nodeStatus(observe({ facts: facts({ version: 'x' }) })), seconds: 1, want: true },
    { because: 'a hold is news', next: { ...before, hold: { reason: 'A', message: 'b' } }, seconds: 1, want: true },
    { because: 'a new generation is news', next: { ...before, observedGeneration: 4 }, seconds: 1, want: true },
    { because: 'a revision is news', next: { ...before, appliedRevision: 'main@sha1:0' }, seconds: 1, want: true },
    { because: 'a clock that was far ahead does not stop heights for ever', next: nodeStatus(observe({ facts: facts({ height: 1_001 }) })), seconds: -3600, want: true },
  ])('$because', ({ next, seconds, want }) => {
    expect(statusChanged(before, next, { ...limits, now: NOW + seconds * 1000 })).toBe(want);
  }); // prettier-ignore

  it('writes a first status', () => {
    expect(statusChanged(undefined, before, { ...limits, now: NOW })).toBe(true);
  });
});

describe('onlyWordsChanged', () => {
  const elsewhere = (chainId: string): NodeStatus => nodeStatus(observe({ facts: facts({ chainId }) }));
  const silent = nodeStatus(observe({ facts: new Map([['el', { reach: 'unreachable', message: 'b' }]]), answeredAt: new Map() })); // prettier-ignore
  const restarted: NodeStatus = { ...before, roles: (before.roles ?? []).map((role) => ({ ...role, restarts: 1 })) };
  const unreadable = (message: string): NodeStatus =>
    nodeStatus(observe({ facts: new Map([['el', { reach: 'unreadable', message }]]), answeredAt: new Map() }));
  it.each<{ because: string; from: NodeStatus | undefined; to: NodeStatus; want: boolean }>([
    { because: 'a first status', from: undefined, to: before, want: false },
    { because: 'a message that does not quote the client', from: elsewhere('1'), to: elsewhere('2'), want: false },
    { because: 'another reason to quote it', from: unreadable('a'), to: silent, want: false },
    { because: 'a restart of a client', from: before, to: restarted, want: false },
    { because: 'a version', from: before, to: nodeStatus(observe({ facts: facts({ version: 'x' }) })), want: true },
    { because: 'a version and a height', from: before, to: nodeStatus(observe({ facts: facts({ version: 'x', height: 1_001 }) })), want: true },
    { because: 'a height alone', from: before, to: nodeStatus(observe({ facts: facts({ height: 1_001 }) })), want: false },
    { because: 'a phase', from: before, to: nodeStatus(observe({ facts: facts({ syncing: true, version: 'x' }) })), want: false },
    { because: 'a hold', from: before, to: { ...before, hold: { reason: 'A', message: 'b' } }, want: false },
    { because: 'what it said', from: unreadable('a'), to: unreadable('b'), want: true },
    { because: 'that it cannot be understood', from: before, to: unreadable('a'), want: false },
  ])('$because: $want', ({ from, to, want }) => {
    expect(onlyWordsChanged(from, to)).toBe(want);
  }); // prettier-ignore
});

describe('isUrgent', () => {
  const syncing = nodeStatus(observe({ facts: facts({ syncing: true }) }));
  const { appliedRevision: _revision, ...unapplied } = before;
  const starting: NodeStatus = { ...unapplied, phase: 'Configuring', conditions: [] };
  it.each<{ because: string; from: NodeStatus | undefined; to: NodeStatus; want: boolean }>([
    { because: 'a first status on the way', from: undefined, to: starting, want: false },
    { because: 'a node that got ready', from: starting, to: before, want: true },
    { because: 'a node that is no longer ready', from: before, to: syncing, want: true },
    { because: 'trouble', from: starting, to: { ...starting, phase: 'Error' }, want: true },
    { because: 'a pause by a job', from: before, to: { ...before, pause: { by: 'Backup n/b', message: 'b' } }, want: true },
    { because: 'a held change', from: before, to: { ...before, hold: { reason: 'A', message: 'b' } }, want: true },
    { because: 'a commit that reached the node', from: before, to: { ...before, appliedRevision: 'main@sha1:0' }, want: true },
    { because: 'a step on the way', from: { ...starting, phase: 'Pending' }, to: starting, want: false },
    { because: 'another height', from: before, to: nodeStatus(observe({ facts: facts({ height: 1_001 }) })), want: false },
  ])('$because: $want', ({ from, to, want }) => {
    expect(isUrgent(from, to)).toBe(want);
  }); // prettier-ignore
});
