// Who may send next when all slots are taken.

import { expect, it } from 'vitest';

import { makeSlots } from '../../src/kube/slots.ts';

it('gives free slots to what goes first, then in the order of coming, and never more than there are', async () => {
  const slots = makeSlots(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, first: boolean): Promise<void> =>
    slots.use(() => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    }, first);
  const order = ['a', 'b', 'first 1', 'first 2', 'c', 'd'];
  const all = [
    start('a', false),
    start('b', false),
    start('c', false),
    start('first 1', true),
    start('d', false),
    start('first 2', true),
  ];
  for (const [index, name] of order.entries()) {
    await expect.poll(() => begun).toEqual(order.slice(0, Math.min(index + 2, order.length)));
    ends.get(name)?.();
  }
  await Promise.all(all);
});

it('gives the slot back when the work fails', async () => {
  const slots = makeSlots(1);
  await expect(slots.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(slots.use(() => Promise.resolve('yes'))).resolves.toBe('yes');
});
