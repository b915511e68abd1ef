// A log may come late: neither a height nor a failure is judged before it was read.

import { describe, expect, it } from 'vitest';

import type { ObservedTask } from '../../src/jobs/model/observation.ts';
import { citaTarget } from './support/fixtures.ts';
import { ago, busy, HOLDER, LOCK, NOTE, step, stopped, work, working } from './support/step.ts';

describe('work of which only the log says how it ended', () => {
  const spec = { node: 'a', blockHeight: 9, deployMethod: 'cloud-config', chain: 'test-chain', toolVersion: '0.3.1' };
  const done = { ...busy, running: false, finished: 'Complete' as const, termination: '{"ok":true}' };
  const own = new Map([
    [
      LOCK,
      { holder: HOLDER, note: { ...NOTE, job: 'BlockHeightFallback prod/one', unsafe: 'its data is being changed' } },
    ],
  ]);
  const observe = (more: Partial<ObservedTask>) =>
    step({
      kind: 'BlockHeightFallback',
      spec,
      status: { ...working, targets: [citaTarget('a')] },
      observed: { targets: new Map([['a', stopped]]), locks: own, tasks: new Map([[work.name, { ...done, ...more }]]) },
    }).status;

  it.each([
    { because: 'no log yet', observed: { finishedAt: ago(1) } },
    { because: 'the last lines are missing', observed: { finishedAt: ago(0), output: 'current height: 12' } },
    {
      because: 'nor yet why it failed',
      observed: { finishedAt: ago(1), failedProgram: { name: 'cloud-op', exitCode: 1 } },
    },
  ])('waits: $because', ({ observed: given }) => {
    expect(observe(given)).toMatchObject({ phase: 'Working', message: `waits for the log of ${work.name}` });
  });

  it.each([
    {
      because: 'the height',
      observed: { finishedAt: ago(0), output: 'rollback height: 9\nexecutor rollback done!' },
      works: [{ outcome: 'Succeeded', height: 9 }],
    },
    { because: 'none, when it had its time', observed: { finishedAt: ago(6) }, works: [{ outcome: 'Succeeded' }] },
    {
      because: 'why it failed',
      observed: { finishedAt: ago(0), output: 'Error: no', failedProgram: { name: 'cloud-op', exitCode: 1 } },
      works: [{ outcome: 'Failed', message: expect.stringContaining('Error: no') }],
    },
  ])('reads $because', ({ observed: given, works }) => {
    expect(observe(given)).toMatchObject({ phase: 'Verifying', works });
  });
});
