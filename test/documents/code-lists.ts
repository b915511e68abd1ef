// Every list of codes that operators may meet, in the order of the page. A new list is one line here.

import type { CodeDoc } from '../../src/api/codes/codes.ts';
import { GUARDS } from '../../src/api/codes/guards.ts';

export interface CodeList {
  readonly title: string;
  /** Where a person meets these codes. */
  readonly where: string;
  readonly codes: Readonly<Record<string, CodeDoc>>;
}

export const CODE_LISTS: readonly CodeList[] = [
  {
    title: 'Guards: why an action is held',
    where: 'In the plan, in `sync.yaml`, in Events of the node.',
    codes: GUARDS,
  },
];
