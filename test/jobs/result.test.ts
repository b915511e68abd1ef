// What a worker pod's end means, with any message that it left.

import { randomBytes } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { heightProof, toolOf } from '../../src/jobs/layouts/cloud-op.ts';
import type { TaskSpec } from '../../src/jobs/model/task-spec.ts';
import { readOutcome } from '../../src/jobs/task/outcome.ts';
import { parseResult } from '../../src/jobs/task/result.ts';
import type { ObservedTask } from '../../src/jobs/model/observation.ts';

describe('parseResult', () => {
  it('reads a result and drops what it does not know', () => {
    expect(parseResult('{"ok":true,"bytes":5,"files":2,"colour":"red"}')).toEqual({ ok: true, bytes: 5, files: 2 });
  });

  it.each([
    { because: 'empty', text: '' },
    { because: 'no JSON', text: 'panic: disk full' },
    { because: 'cut off', text: '{"ok":true,"by' },
    { because: 'another shape', text: '[1]' },
    { because: 'a negative count', text: '{"ok":true,"bytes":-1}' },
    { because: 'a checksum that is none', text: '{"ok":true,"manifestSha256":"abc"}' },
    { because: 'too long', text: `{"ok":true,"message":"${'x'.repeat(5000)}"}` },
  ])('$because is unreadable, never success', ({ text }) => {
    expect(parseResult(text)).toMatchObject({ ok: false, code: 'UnreadableResult' });
  });

  it('makes one clean line of a message', () => {
    expect(parseResult(JSON.stringify({ ok: false, message: 'a\n\u001b[2Jb' })).message).toBe('a b');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseResult(text)).toHaveProperty('ok');
      }),
    );
  });
});

const pod = { unsafeWhenUnclear: true, cleanFailure: '>= current' } as TaskSpec;
const ended: ObservedTask = { uid: 'u', suspended: false, active: 0, running: false, finished: 'Failed' };

describe('readOutcome', () => {
  it.each([
    {
      because: 'the output of a failed program is reported',
      observed: { ...ended, failedProgram: { name: 'cloud-op', exitCode: 101 }, output: 'x\nstorage broken' },
      want: {
        outcome: 'Failed',
        code: 'ProgramFailed',
        message: 'cloud-op ended with exit code 101: storage broken',
        unsafe: true,
      },
    },
    {
      because: 'the line that complains is reported, at any place of the log',
      observed: {
        ...ended,
        failedProgram: { name: 'cloud-op', exitCode: 101 },
        output: "thread 'main' panicked at height 9 >= current height 8\ncurrent height: 8\n",
      },
      want: { message: "cloud-op ended with exit code 101: thread 'main' panicked at height 9 >= current height 8" },
    },
    {
      because: 'a program that refused before it wrote leaves the data as it was',
      observed: {
        ...ended,
        failedProgram: { name: 'cloud-op', exitCode: 101 },
        output: 'height(9) >= current height(8)',
      },
      want: { unsafe: false },
    },
    {
      because: 'a check that failed changed nothing',
      observed: { ...ended, failedProgram: { name: 'check', exitCode: 1 } },
      want: { unsafe: false },
    },
    { because: 'a killed pod is unclear', observed: ended, want: { outcome: 'Unclear' } },
    {
      because: 'an unreadable message is unclear',
      observed: { ...ended, termination: '{' },
      want: { outcome: 'Unclear' },
    },
    {
      because: 'success without a result is unclear',
      observed: { ...ended, finished: 'Complete' },
      want: { outcome: 'Unclear' },
    },
    {
      because: 'a word of success from a failed Job does not count',
      observed: { ...ended, termination: '{"ok":true}' },
      want: { outcome: 'Failed' },
    },
    {
      because: 'a failure before the swap leaves the data as it was',
      observed: { ...ended, termination: '{"ok":false,"swapped":false,"code":"NoSpace","message":"full"}' },
      want: { outcome: 'Failed', code: 'NoSpace', unsafe: false },
    },
    {
      because: 'a failure in the swap does not',
      observed: { ...ended, termination: '{"ok":false,"swapped":true}' },
      want: { outcome: 'Failed', unsafe: true },
    },
    {
      because: 'the deadline is a reason of its own',
      observed: { ...ended, reason: 'DeadlineExceeded' },
      want: { outcome: 'Failed', code: 'DeadlineExceeded' },
    },
  ] as const)('$because', ({ observed, want }) => {
    expect(readOutcome(pod, observed)).toMatchObject(want);
  });

  it('shows no part of a key that a program or a worker says, and all else of the message', () => {
    const key = randomBytes(64).toString('base64');
    const file = JSON.stringify({ priv_key: { type: 'tendermint/PrivKeyEd25519', value: key } }, null, 2);
    const failedProgram = { name: 'client', exitCode: 1 };
    const output = `failed to load ${file}\npassword=hunter2 failed at block 0x${'a1'.repeat(32)}`;
    expect(readOutcome(pod, { ...ended, failedProgram, output })).toMatchObject({
      message: `client ended with exit code 1: password=[redacted] failed at block 0x${'a1'.repeat(32)}`,
    });
    const inside = readOutcome(pod, { ...ended, failedProgram, output: `cannot load ${file}` }).message;
    expect(inside).not.toContain(key.slice(0, 30));
    const termination = JSON.stringify({ ok: false, message: `cannot load ${file}`, manifestSha256: 'a'.repeat(64) });
    expect(readOutcome(pod, { ...ended, termination })).toMatchObject({
      message: 'cannot load { "priv_key": [redacted] }',
      manifestSha256: 'a'.repeat(64),
    });
  });

  it.each([
    {
      because: 'cloud-op 0.3 prints the height',
      version: '0.3.1',
      output: 'current height: 30\nrollback height: 20\nstorage rollback done!\nexecutor rollback done!',
      want: 20,
    },
    {
      because: 'cloud-op that ignored the request proves nothing',
      version: '0.3.2',
      output: 'current height: 10\nrollback height: 20\nrollback height >= current height, ignore rollback',
      want: undefined,
    },
    {
      because: 'cloud-op 0.2.5 prints it in other words',
      version: '0.2.5',
      output: 'layer2 current height recover to: 20',
      want: 20,
    },
    {
      because: 'cloud-op 0.2.4 prints none and fails unless it goes back',
      version: '0.2.4',
      output: 'lock_id(1000) never change from genesis',
      want: 20,
    },
  ])('$because', ({ version, output, want }) => {
    const tool = toolOf(undefined, version);
    if ('refused' in tool) throw new Error(tool.message);
    const end = readOutcome(
      { ...pod, ...heightProof(tool, 20) },
      { ...ended, finished: 'Complete', termination: '{"ok":true}', output },
    );
    expect(end.height).toBe(want);
  });
});
