// What is done to both sides, at random: the key's nodes get another executor in Git, processes die, networks and Git are cut.

import type { GitServer } from '../support/git-server.ts';
import type { Side } from './side.ts';

/** Says what it did; undefined when there was nothing to do. */
export type Blow = () => string | undefined | Promise<string | undefined>;

export interface Random {
  /** 0 <= n < 1 */
  (): number;
}

/** A sequence that a seed repeats (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

const second = 1000;

/** Longer than a lease lasts at one end, shorter than a client notices at the other. */
function duration(random: Random): number {
  return Math.round((2 + random() * 18) * second);
}

export interface Targets {
  readonly sides: readonly Side[];
  readonly server: GitServer;
  readonly random: Random;
  /** Names of the nodes with the key. */
  readonly nodes: readonly string[];
}

/** By name, with how often each comes up. */
export function blows({ sides, server, random, nodes }: Targets): readonly (readonly [number, Blow])[] {
  const side = (): Side => pick(sides, random);
  const how = (): 'refused' | 'silent' => pick(['refused', 'silent'] as const, random);
  const cut = (what: 'api' | 'git'): string => {
    const { executor, [what]: gate } = side();
    const forMs = duration(random);
    gate.cut(how());
    setTimeout(() => gate.restore(), forMs);
    return `${what} of ${executor} cut for ${forMs} ms`;
  };
  return [
    [3, () => cut('api')],
    [3, () => cut('git')],
    [
      3,
      () => {
        const { executor, kill } = side();
        for (const index of random() < 0.5 ? [0, 1] : [Math.round(random())]) kill(index, random() * 5 * second);
        return `controller of ${executor} killed`;
      },
    ],
    [
      2,
      () => {
        const { executor, freeze } = side();
        const forMs = duration(random);
        for (const index of random() < 0.3 ? [0, 1] : [Math.round(random())]) freeze(index, forMs);
        return `controller of ${executor} frozen for ${forMs} ms`;
      },
    ],
    [
      2,
      () => {
        const isLost = random() < 0.5;
        server.fault = ({ service }) => {
          if (isLost) return service === 'git-receive-pack' ? { do: 'drop-answer' } : 'pass';
          return { do: 'status', status: 503 };
        };
        const forMs = duration(random);
        setTimeout(() => (server.fault = undefined), forMs);
        return isLost ? `answers to pushes lost for ${forMs} ms` : `Git down for ${forMs} ms`;
      },
    ],
    [1, async () => await byHand(side(), ['delete', 'pod', `${pick(nodes, random)}-0`, '--wait=false'])],
    [1, async () => await byHand(side(), ['scale', 'statefulset', pick(nodes, random), '--replicas=2'])],
    [1, async () => await byHand(side(), ['delete', 'blockchainnode', pick(nodes, random), '--wait=false'])],
  ];
}

/** Of what may not be there. */
async function byHand({ executor, kubectl }: Side, args: readonly string[]): Promise<string | undefined> {
  return await kubectl(args).then(
    () => `kubectl ${args.slice(0, 3).join(' ')} in ${executor}`,
    () => undefined,
  );
}

/** One of them, by its weight. */
export function choose(weighted: readonly (readonly [number, Blow])[], random: Random): Blow {
  const all = weighted.flatMap(([weight, blow]) => Array.from({ length: weight }, () => blow));
  return pick(all, random);
}
