// Tests that need what only root may do on this machine: mount a small disk, give files away.

import { it } from 'vitest';

/** `it`, but skipped for everybody else. Real pods, where such things happen, need root as well. */
export const itAsRoot = it.skipIf(process.getuid?.() !== 0);
