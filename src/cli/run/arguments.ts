// Values of options of `run` that end up in objects of Kubernetes, or name them: refused at the start, not by the API server later.

import { InvalidArgumentError } from 'commander';

import { IMAGE_ADVICE, IMAGE_REFERENCE, SubdomainName } from '../../api/fields.ts';
import { listArgument } from '../option.ts';

const MAX_IMAGE_LENGTH = 512;

/** A reference that a kubelet can pull: it becomes the image of worker pods, and part of the default policy. */
export function imageArgument(text: string): string {
  if (text.length <= MAX_IMAGE_LENGTH && IMAGE_REFERENCE.test(text)) return text;
  throw new InvalidArgumentError(`That is no image reference. ${IMAGE_ADVICE}`);
}

/** Names of Secrets separated by commas. A name that no Secret can have would reserve nothing. */
export function secretNamesArgument(text: string): readonly string[] {
  const names = listArgument(text);
  const wrong = names.find((name) => !SubdomainName.safeParse(name).success);
  if (wrong === undefined) return names;
  throw new InvalidArgumentError(`No Secret can be called ${JSON.stringify(wrong)}.`);
}
