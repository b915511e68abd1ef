// Outages of the API server in the log: one begin and one end, however many watches they interrupt.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { KubeError } from '../../src/kube/kube-error.ts';
import { createOutages, type Outages } from '../../src/kube/outages.ts';

const BROKEN = new KubeError('NETWORK', 'the connection broke');
const DENIED = new KubeError('FORBIDDEN', 'may not watch');

let lines: { readonly message: string; readonly kind?: unknown; readonly kinds?: unknown; readonly count?: unknown }[];
let outages: Outages;
let closing: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  closing = new AbortController();
  outages = createOutages({
    log: {
      warn: ({ kind }, message) => void lines.push({ message, kind }),
      info: ({ kinds, interruptions }, message) => void lines.push({ message, kinds, count: interruptions }),
    },
    quietMs: 5000,
    now: Date.now,
    signal: closing.signal,
  });
});
afterEach(() => void vi.useRealTimers());

const BEGIN = { message: 'Watching was interrupted', kind: 'Pod' };

it('reports the first kind, and at the end all kinds and how often they were interrupted', () => {
  outages.interrupted('Pod', BROKEN);
  outages.interrupted('Secret', BROKEN);
  outages.interrupted('Pod', BROKEN);
  outages.restored('Secret');
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([BEGIN]);
  outages.restored('Pod');
  vi.advanceTimersByTime(5000);
  expect(lines).toEqual([BEGIN, { message: 'Watching was restored', kinds: ['Pod', 'Secret'], count: 3 }]);
});

it('is one outage while watches break again shortly after they are back', () => {
  for (let round = 0; round < 20; round++) {
    outages.interrupted('Pod', BROKEN);
    outages.restored('Pod');
    vi.advanceTimersByTime(4000);
  }
  expect(lines).toEqual([BEGIN]);
  vi.advanceTimersByTime(1000);
  expect(lines.at(-1)).toMatchObject({ count: 20 });
});

it('keeps what is refused for one kind apart from a server that cannot be reached', () => {
  outages.interrupted('Secret', DENIED);
  outages.interrupted('Pod', BROKEN);
  outages.restored('Pod');
  vi.advanceTimersByTime(5000);
  expect(lines).toEqual([
    { message: 'Watching was interrupted', kind: 'Secret' },
    BEGIN,
    { message: 'Watching was restored', kinds: ['Pod'], count: 1 },
  ]);
});

it('logs nothing of a kind that was never interrupted, and nothing after the end', () => {
  outages.restored('Pod');
  outages.interrupted('Pod', BROKEN);
  outages.restored('Pod');
  closing.abort();
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([BEGIN]);
});
