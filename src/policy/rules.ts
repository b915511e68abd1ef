// All rules for nodes. To add one: its function, its line in one of the lists, its code in src/api/codes, its row in the tests.

import { nodeObjectRules } from './node-objects.ts';
import { podAccessRules } from './pod-access.ts';
import { podSecurityRules } from './pod-security.ts';
import type { NodeRule } from './rule.ts';

export const nodeRules: readonly NodeRule[] = [...nodeObjectRules, ...podSecurityRules, ...podAccessRules];
