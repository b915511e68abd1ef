// Which commands a command line loads.

import { describe, expect, it } from 'vitest';

import { createProgram } from '../../src/cli/program.ts';

const commandsFor = async (first?: string): Promise<readonly string[]> =>
  (await createProgram(() => undefined, first)).commands.map((command) => command.name());

const ALL = await commandsFor();

describe('a command line', () => {
  it.each(ALL)('that begins with %s loads no other command', async (name) => {
    expect(await commandsFor(name)).toEqual([name]);
  });

  it.each([undefined, 'help', '--help', 'pln', 'toString', '__proto__'])(
    'that begins with %s loads all commands, for the help and for advice',
    async (first) => {
      expect(await commandsFor(first)).toEqual(ALL);
    },
  );

  it.each(['--version', '-V'])('with %s loads none', async (first) => {
    expect(await commandsFor(first)).toEqual([]);
  });
});
