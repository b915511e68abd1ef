// What the record says of the program that did the work.

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
