// Some tests do what only root may do on this machine: mount a small disk, give files away.

/** For `it.skipIf`. Real pods, where such things happen, need root as well. */
export const NOT_ROOT = process.getuid?.() !== 0;
