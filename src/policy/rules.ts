// All rules for nodes. README.md lists the steps to add one.

import { nodeObjectRules } from './node-objects.ts';
import { podAccessRules } from './pod-access.ts';
import { podSecurityRules } from './pod-security.ts';
import type { NodeRule } from './rule.ts';

export const nodeRules: readonly NodeRule[] = [...nodeObjectRules, ...podSecurityRules, ...podAccessRules];
