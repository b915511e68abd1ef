// The image repositories of all clients: what a policy allows when it names none.

import { chains } from './index.ts';

/** Without tags, once each; a client without an image of its own has none. */
export const clientImages: readonly string[] = [
  ...new Set(
    chains.flatMap(({ roles }) =>
      roles.flatMap(({ clients }) => clients.flatMap(({ image }) => (image === '' ? [] : image))),
    ),
  ),
].sort();
