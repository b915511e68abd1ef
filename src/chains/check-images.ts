// References of images that a node's file writes out: what no kubelet could pull is an error in the file already.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Path } from '../lib/json-pointer.ts';

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const TAG = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const DIGEST = String.raw`[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,}`;
/** https://github.com/distribution/reference: host, path, tag and digest. */
const REFERENCE = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@${DIGEST})?$`);

export function checkImages({ clients, sidecars = [] }: NodeSpec): readonly SpecProblem[] {
  return [
    ...Object.entries(clients).flatMap(([role, { image }]) => checkImage(image, ['spec', 'clients', role, 'image'])),
    ...sidecars.flatMap(({ image }, index) => checkImage(image, ['spec', 'sidecars', index, 'image'])),
  ];
}

function checkImage(image: string | undefined, path: Path): readonly SpecProblem[] {
  if (image === undefined || REFERENCE.test(image)) return [];
  const message = `${JSON.stringify(image)} is no image reference, so no image can be pulled. Write it like "registry.example/team/geth:1.16.7", without spaces, and in lower case up to the tag.`;
  return [errorAt('InvalidImage', path, message)];
}
