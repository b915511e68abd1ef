// The order of entries alone keeps a manifest inside its volumes.

import { expect, it } from 'vitest';

import { EntryOrder } from '../../src/worker/manifest/entry-order.ts';

type Step = readonly [volume: string, path: string, isDir: boolean];

function feed(steps: readonly Step[]): string | undefined {
  const order = new EntryOrder();
  return steps.map((step) => order.accept(...step)).find((why) => why !== undefined);
}

const root: Step = ['v', '', true];

it.each<{ steps: readonly Step[]; why: string | undefined; because: string }>([
  {
    steps: [root, ['v', 'a', true], ['v', 'a/b', true], ['v', 'a/b/c', false], ['v', 'a/d', false], ['v', 'e', false]],
    why: undefined,
    because: 'a walk is accepted',
  },
  { steps: [root, ['v', 'a', true], ['v', 'a.b', false]], why: undefined, because: 'a sibling may extend a name' },
  { steps: [root, ['w', '', true], ['w', 'a', false]], why: undefined, because: 'volumes follow one another' },
  {
    steps: [['v', 'a', false]],
    why: 'comes before the directory of its volume',
    because: 'a volume starts with itself',
  },
  { steps: [root, root], why: 'is there twice', because: 'a volume has one root' },
  {
    steps: [root, ['v', 'b', false], ['v', 'a', false]],
    why: 'is there twice or out of order',
    because: 'names ascend',
  },
  {
    steps: [root, ['v', 'a', false], ['v', 'a', false]],
    why: 'is there twice or out of order',
    because: 'no name twice',
  },
  {
    steps: [root, ['v', 'a', true], ['v', 'a/b', false], ['v', 'a', true]],
    why: 'is there twice or out of order',
    because: 'a directory does not come back',
  },
  {
    steps: [root, ['v', 'a', false], ['v', 'a/b', false]],
    why: 'has a parent that is no directory of this manifest',
    because: 'nothing lies below a file or a link',
  },
  {
    steps: [root, ['v', 'x/y', false]],
    why: 'has a parent that is no directory of this manifest',
    because: 'parents come first',
  },
  {
    steps: [root, ['w', '', true], ['v', 'a', false]],
    why: 'comes after the entries of another volume',
    because: 'volumes do not interleave',
  },
])('$because', ({ steps, why }) => {
  expect(feed(steps)).toBe(why);
});
