// Mutations of JSON values: the syntax stays valid, so that they reach the code behind the parser.

import { isObject } from '../../src/lib/json-value.ts';
import type { Random } from './random.ts';

/** A copy of one of `values` with some of its members changed, removed, doubled or of another type. */
export function mutateValue(values: readonly unknown[], random: Random): unknown {
  let value = structuredClone(random.pick(values));
  const rounds = 1 + random.below(4);
  for (let round = 0; round < rounds; round++) value = mutateOnce(value, random, values);
  return value;
}

function mutateOnce(root: unknown, random: Random, values: readonly unknown[]): unknown {
  const places = placesIn(root);
  if (places.length === 0 || random.chance(0.03)) return oddValue(random, values);
  const { holder, key } = random.pick(places);
  const choice = random.below(10);
  if (choice < 6) set(holder, key, oddValue(random, values));
  else if (choice < 7) Reflect.deleteProperty(holder, key);
  else if (choice < 8) set(holder, random.pick(NAMES), Reflect.get(holder, key));
  else if (Array.isArray(holder)) holder.push(...Array.from({ length: random.pick([1, 100, 5000]) }, () => holder[0]));
  else
    set(holder, `${key}${random.pick(['', ' ', 's', '\u001b', '\u202e', 'K'.repeat(1100)])}`, Reflect.get(holder, key));
  return root;
}

interface PlaceOf {
  readonly holder: object;
  readonly key: string;
}

function placesIn(root: unknown): readonly PlaceOf[] {
  const found: PlaceOf[] = [];
  const queue = [root];
  for (let value = queue.pop(); value !== undefined && found.length < 5000; value = queue.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, below] of Object.entries(value)) {
      found.push({ holder: value, key });
      queue.push(below ?? null);
    }
  }
  return found;
}

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'length',
  '',
  'name',
  'kind',
  '\u0000',
  '0',
];

const SCALARS: readonly unknown[] = [
  null, true, false, 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER + 2, 2 ** 31, '', ' ', '0', 'true', '__proto__', 'constructor', 'toString',
  '\u001b[2J', 'a\nb', '\u202egpj', '\ud800', '\u0000', 'x'.repeat(3000), '../../etc/passwd', '2026-02-30T99:99:99Z', '2026-01-01T00:00:00Z',
  '9999999999999999-12-31', '-5Gi', '1e309', '10000000d', '* * 31 2 *', '*/0 * * * *', 'sha256:00', '0xffffffffffffffff', '${HOME}', '%s%n',
]; // prettier-ignore

function oddValue(random: Random, values: readonly unknown[]): unknown {
  const choice = random.below(10);
  if (choice < 6) return random.pick(SCALARS);
  if (choice < 7) return random.pick([[], {}, [null], [[]], [{}], { a: null }, [null, {}, ''], { length: -1 }]);
  if (choice < 8) return structuredClone(random.pick(values));
  if (choice < 9) return nested(random.pick([5, 60, 500]), random.chance(0.5));
  return Array.from({ length: random.pick([1, 1000]) }, (_, index) => random.pick([index, String(index), {}]));
}

function nested(depth: number, isList: boolean): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = isList ? [value] : { a: value };
  return value;
}

/** As an own member, also when it is called `__proto__`. */
function set(holder: object, key: string, value: unknown): void {
  const isOutside = Array.isArray(holder) && !/^\d{1,4}$/.test(key);
  if (isOutside || (!isObject(holder) && !Array.isArray(holder))) return;
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
