// What a watch shows of our own writes is no news; all else is, also in the middle of a write.

import { expect, it } from 'vitest';

import { createOwnWrites, type OwnWrites } from '../../src/controller/node/apply/own-writes.ts';

const ID = 'ConfigMap ns/a';

/** Begins a write that the test ends. */
function begin(writes: OwnWrites) {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const done = writes.during(
    ID,
    () => promise,
    (version) => version,
  );
  return {
    end: async (version?: string) => (resolve(version), await done),
    fail: async (error: Error) => (reject(error), await done),
  };
}

function setup() {
  const writes = createOwnWrites();
  const news: string[] = [];
  const show = (version: string, id = ID): void => writes.unlessOwn(id, version, () => news.push(version));
  return { writes, news, show };
}

it.each([
  ['shown after its end', ['end 5', 'show 5'], []],
  ['shown before its end', ['show 5', 'end 5'], []],
  ['shown twice, the second time by another write', ['end 5', 'show 5', 'show 6'], ['6']],
  ['changed by another before it', ['show 4', 'end 5', 'show 5'], ['4']],
  ['changed by another after it', ['show 5', 'show 6', 'end 5'], ['6']],
  ['changed by another after it, which alone is shown', ['end 5', 'show 6', 'show 7'], ['6', '7']],
  ['not as it was asked for', ['show 5', 'end', 'show 6'], ['5', '6']],
])('a write that is %s', async (_, steps, expected) => {
  const { writes, news, show } = setup();
  const write = begin(writes);
  for (const step of steps) {
    const [what, version] = step.split(' ');
    if (what === 'show') show(version ?? '');
    else await write.end(version);
  }
  expect(news).toEqual(expected);
});

it('a write that fails hides nothing', async () => {
  const { writes, news, show } = setup();
  const write = begin(writes);
  show('5');
  await expect(write.fail(new Error('refused'))).rejects.toThrow('refused');
  show('6');
  expect(news).toEqual(['5', '6']);
});

it('two writes at once hide nothing of the second', async () => {
  const { writes, news, show } = setup();
  const [first, second] = [begin(writes), begin(writes)];
  await second.end('6');
  await first.end('5');
  show('5');
  show('6');
  expect(news).toEqual(['6']);
});

it('a write hides nothing of other objects', async () => {
  const { writes, news, show } = setup();
  const write = begin(writes);
  show('5', 'ConfigMap ns/b');
  expect(news).toEqual(['5']);
  await write.end('5');
});
