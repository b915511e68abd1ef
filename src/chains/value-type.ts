// What a flag or configuration key accepts.

import { assertNever } from '../lib/assert-never.ts';
import type { ValueType } from './chain.ts';

/** What is wrong with a value, as the end of "must be …", or undefined when it fits. An empty value means `true`. */
export function mismatch(value: string, type: ValueType): string | undefined {
  if (typeof type !== 'string') return type.includes(value) ? undefined : `one of ${type.join(', ')}`;
  switch (type) {
    case 'text':
      return undefined;
    case 'integer':
      return /^-?\d{1,18}$/.test(value) ? undefined : 'a whole number';
    case 'boolean':
      return ['', 'true', 'false'].includes(value) ? undefined : 'true or false';
    case 'duration':
      return /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(value) ? undefined : 'a duration such as 500ms, 30s or 1h';
    default:
      return assertNever(type);
  }
}
