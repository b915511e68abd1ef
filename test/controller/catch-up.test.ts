// A plan that is applied waits for the watch, so that the next one does not write the same again.

import { expect, it } from 'vitest';

import { catchUp } from '../../src/controller/fleet/catch-up.ts';

/** A watch that shows the object in its next version from the given look on. */
function watchThatShowsAt(look: number) {
  let looks = 0;
  return {
    looks: () => looks,
    get: () => {
      looks += 1;
      const resourceVersion = looks >= look ? '2' : '1';
      return { apiVersion: 'v1', kind: 'BlockchainNode', metadata: { name: 'a', resourceVersion }, spec: {} } as never;
    },
  };
}

it('ends when the watch shows the write', async () => {
  const watch = watchThatShowsAt(4);
  await catchUp([{ key: 'ns/a', before: '1' }], watch, new AbortController().signal);
  expect(watch.looks()).toBe(4);
});

it('asks nothing when nothing was written', async () => {
  const watch = watchThatShowsAt(1);
  await catchUp([], watch, new AbortController().signal);
  expect(watch.looks()).toBe(0);
});

it('gives up on a write that the watch never shows, and at once when it is aborted', async () => {
  await catchUp([{ key: 'ns/a', before: undefined }], { get: () => undefined }, new AbortController().signal);
  const watch = watchThatShowsAt(Infinity);
  await catchUp([{ key: 'ns/a', before: '1' }], watch, AbortSignal.abort());
  expect(watch.looks()).toBe(1);
});
