// References of images that a node's file writes out: what no kubelet could pull is an error in the file already.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { IMAGE_ADVICE, IMAGE_REFERENCE } from '../api/fields.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Path } from '../lib/json-pointer.ts';

export function checkImages({ clients, sidecars = [] }: NodeSpec): readonly SpecProblem[] {
  return [
    ...Object.entries(clients).flatMap(([role, { image }]) => checkImage(image, ['spec', 'clients', role, 'image'])),
    ...sidecars.flatMap(({ image }, index) => checkImage(image, ['spec', 'sidecars', index, 'image'])),
  ];
}

function checkImage(image: string | undefined, path: Path): readonly SpecProblem[] {
  if (image === undefined || IMAGE_REFERENCE.test(image)) return [];
  const message = `${JSON.stringify(image)} is no image reference, so no image can be pulled. ${IMAGE_ADVICE}`;
  return [errorAt('InvalidImage', path, message)];
}
