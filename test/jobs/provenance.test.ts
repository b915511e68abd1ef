// What the record says of the program that did the work.

import { randomBytes } from 'node:crypto';

import { expect, it } from 'vitest';

import type { Program } from '../../src/jobs/model/task-spec.ts';
import { provenanceOf } from '../../src/jobs/task/provenance.ts';
import { kindNamed, observed, settings } from './support/fixtures.ts';

const open = kindNamed('ChangeOwner').open({ node: 'a' });

function ran(program: Pick<Program, 'command' | 'args'>): string | undefined {
  const pod = {
    node: 'a',
    repeatable: true,
    unsafeWhenUnclear: false,
    before: [{ name: 'client', mounts: [], ...program }],
    parameters: { verb: 'done' },
    volumes: [],
    mounts: [],
    runAs: { uid: 1000, gid: 1000, capabilities: [] },
  } as const;
  return provenanceOf({ open, settings, observed: observed() }, [pod], []).command;
}

it.each([
  {
    because: 'a program with its arguments, word for word',
    program: { command: ['geth'], args: ['--datadir', '/data', '-c', '# no script'] },
    said: 'geth --datadir /data -c # no script',
  },
  {
    because: "a script by its first comment: its text does not help a record's reader",
    program: { command: ['sh', '-c', 'set -eu\n# Takes back one height a run.\nrollback --hard'], args: [] },
    said: 'sh -c … (Takes back one height a run.)',
  },
  {
    because: 'a script without a comment by what it runs for',
    program: { command: ['/bin/sh'], args: ['-c', 'echo "a#b"'] },
    said: '/bin/sh -c … (script of client)',
  },
])('$because', ({ program, said }) => {
  expect(ran(program)).toBe(said);
});

it('keeps no key of a program in the end of its output, also when its first lines are cut off', () => {
  const key = randomBytes(64).toString('base64');
  const file = JSON.stringify({ priv_key: { value: key }, rest: 'x'.repeat(4000) }, null, 2);
  const task = { name: 't', node: 'a', attempt: 1, intentAt: '2026-11-30T00:00:00Z' };
  const tasks = new Map([['t', { suspended: false, active: 0, running: false, output: `cannot load ${file}` }]]);
  const { outputTail = '' } = provenanceOf({ open, settings, observed: { ...observed(), tasks } }, [], [task]);
  expect(outputTail).toContain('xxx');
  for (const part of key.match(/.{20}/g) ?? []) expect(outputTail).not.toContain(part);
});
