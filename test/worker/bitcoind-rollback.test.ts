// Brings a real bitcoind back with the script of its chain description.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { jobs } from '../../src/chains/bitcoin/jobs.ts';
import { nodeWith } from '../chains/examples.ts';
import { BITCOIND, debianTree, hasDebianTree } from '../cluster/debian.ts';
import { freePorts } from '../cluster/ports.ts';
import { startProgram, stopAll, stopProgram, type Program } from './support/program.ts';

// Addresses of hashes of zeros and of ones, without known keys.
const FIRST = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const OTHER = 'mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8';

let folder: string;
let programs: string;
let data: string;
let port: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bitcoind-'));
  programs = join(folder, 'bin');
  data = join(folder, 'data');
  for (const made of [programs, data]) mkdirSync(made);
  [port = 0] = await freePorts(1, '127.0.0.1');
  if (hasDebianTree(BITCOIND)) writeStarters(await debianTree(BITCOIND));
});
afterEach(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

/** The programs of an image, with the libraries of that image; the port of a test keeps others out of its way. */
function writeStarters(tree: string): void {
  const [triplet = ''] = readdirSync(join(tree, 'usr/lib'));
  const libraries = join(tree, 'usr/lib', triplet);
  const loader = readdirSync(libraries).find((file) => file.startsWith('ld-linux-')) ?? '';
  for (const name of ['bitcoind', 'bitcoin-cli']) {
    const line = `exec '${libraries}/${loader}' --library-path '${libraries}' '${tree}/usr/bin/${name}' -rpcport=${port} "$@"`;
    writeFileSync(join(programs, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
}

function cli(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    join(programs, 'bitcoin-cli'),
    ['-chain=regtest', `-datadir=${data}`, ...args],
    { encoding: 'utf8', timeout: 60_000 },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

const height = (): number => Number(cli('getblockcount'));
const ready = (): Promise<boolean> => Promise.resolve().then(() => height() >= 0);

function start(...flags: readonly string[]): Promise<Program> {
  // No output, because the pipe is not read while this file waits for answers.
  const quiet = ['-networkactive=0', '-listen=0', '-disablewallet', '-printtoconsole=0'];
  const args = ['-chain=regtest', `-datadir=${data}`, ...quiet, ...flags];
  return startProgram({ file: join(programs, 'bitcoind'), args, ready });
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly height: number | undefined;
}

/** As the worker pod runs it, with this host's shell and paths. */
function rollBack(wanted: number, { env: more = {}, args = {} }: { env?: object; args?: object } = {}): Ended {
  const how = jobs.rollback(nodeWith('bitcoin-regtest', { args: { node: args } }), wanted);
  if (how.how !== 'command') throw new Error(`it is ${how.how}`);
  const [program = '', ...rest] = [...how.run.command, ...how.run.args];
  const flags = rest.map((flag) => flag.replace(/^-datadir=.*/, `-datadir=${data}`));
  const env = { ...how.run.env, NODE_DATA: data, PATH: `${programs}:${process.env['PATH'] ?? ''}`, ...more };
  const { status, stdout, stderr } = spawnSync(program, flags, { env, encoding: 'utf8', timeout: 60_000 });
  const proven = new RegExp(how.heightPattern).exec(stdout)?.[1];
  return { status, stdout, stderr, height: proven === undefined ? undefined : Number(proven) };
}

describe.skipIf(!hasDebianTree(BITCOIND))('a bitcoind, rolled back to a height', () => {
  it('stays there on a separate network, can be repeated, and continues with other blocks', async () => {
    const first = await start();
    cli('generatetoaddress', '12', FIRST);
    const [kept, removed] = [cli('getblockhash', '5'), cli('getblockhash', '6')];
    await stopProgram(first);
    for (const time of ['first', 'again']) {
      const { height: reached, ...said } = rollBack(5);
      expect(reached, `${time}: ${JSON.stringify(said)}`).toBe(5);
      expect(said).toMatchObject({ status: 0, stderr: '' });
    }
    const second = await start();
    expect([height(), cli('getblockhash', '5')]).toEqual([5, kept]);
    cli('generatetoaddress', '2', OTHER);
    await stopProgram(second);
    await start();
    expect(height()).toBe(7);
    expect(cli('getblockhash', '6')).not.toBe(removed);
  });

  it('takes the other branch back as well, when that one has the most work then', async () => {
    const first = await start();
    cli('generatetoaddress', '8', FIRST);
    cli('invalidateblock', cli('getblockhash', '4'));
    cli('generatetoaddress', '3', OTHER);
    const tips = JSON.parse(cli('getchaintips')) as { readonly hash: string; readonly status: string }[];
    cli('reconsiderblock', tips.find(({ status }) => status === 'invalid')?.hash ?? '');
    await stopProgram(first);
    const { stdout, height: reached } = rollBack(3);
    expect(reached).toBe(3);
    expect(stdout.match(/is invalid/g)).toHaveLength(2);
    await start();
    expect(height()).toBe(3);
  });

  it('verifies the blocks above again where peers have them too, also after a kill before that', async () => {
    const first = await start();
    cli('generatetoaddress', '12', FIRST);
    const newest = cli('getbestblockhash');
    await stopProgram(first);
    // What a kill leaves behind that comes right after the height was reached.
    expect(rollBack(5).height).toBe(5);
    expect(rollBack(5, { env: { NODE_FOLLOWS_OTHERS: 'yes' } })).toMatchObject({ status: 0, height: 5 });
    await start();
    expect([height(), cli('getbestblockhash')]).toEqual([12, newest]);
  });

  it('changes nothing when the node is lower already', async () => {
    const first = await start();
    cli('generatetoaddress', '4', FIRST);
    await stopProgram(first);
    const { status, stderr, height: reached } = rollBack(9);
    expect([status, reached]).toEqual([1, undefined]);
    expect(stderr).toContain('The newest block is 4, below 9. Nothing was changed.');
    await start();
    expect(height()).toBe(4);
  });

  it('changes nothing when the blocks it would need are pruned', async () => {
    const pruning = { prune: '1', fastprune: '' };
    const first = await start('-prune=1', '-fastprune');
    cli('generatetoaddress', '900', FIRST);
    cli('pruneblockchain', '600');
    await stopProgram(first);
    const { status, stderr } = rollBack(100, { args: pruning });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^Blocks below \d+ are pruned.*Nothing was changed/m)]);
    expect(rollBack(880, { args: pruning }).height).toBe(880);
  });

  it('says why bitcoind could not be started', async () => {
    await stopProgram(await start());
    writeFileSync(join(data, 'regtest/chainstate/CURRENT'), 'garbage');
    const { status, stderr } = rollBack(0);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/Error.*bitcoind ended before it could be asked/s)]);
  });
});
