// Asks the registry whether a version can be installed, before anything is changed.

import { repositoryOf } from '../../policy/images.ts';
import { requireSignature } from '../../registry/cosign.ts';
import { RegistryError } from '../../registry/errors.ts';
import { probeImage } from '../../registry/probe.ts';
import { openRegistry } from '../../registry/registry.ts';
import { describeError } from '../../lib/errors.ts';
import { pinnedImage, splitVersion } from '../../upgrade/image.ts';
import { STATE_FORMAT, STATE_FORMAT_LABEL } from '../../upgrade/state.ts';
import { type Refusal, repositoryFor, type UpgradeRequest } from '../../upgrade/target.ts';
import type { SelfUpdateOptions } from './options.ts';

/** The image with its digest, or why it is not tried. */
export async function checkImage(
  { version }: UpgradeRequest,
  options: SelfUpdateOptions,
  signal: AbortSignal,
): Promise<{ readonly image: string } | Refusal> {
  const { image, rules, registry: access, platform, key } = options;
  const name = repositoryFor(image, rules);
  const repository = repositoryOf(name);
  const parts = splitVersion(version);
  try {
    const credentials = await access.credentials(repository);
    const registry = openRegistry({ repository, credentials, ca: access.ca, allowHttp: access.allowHttp, signal });
    try {
      const { digest, labels } = await probeImage(registry, parts.digest ?? parts.tag ?? '', platform);
      if (key !== undefined) await requireSignature(registry, digest, key);
      return unreadable(version, labels[STATE_FORMAT_LABEL]) ?? { image: pinnedImage(name, parts, digest) };
    } finally {
      registry.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof RegistryError ? error.reason : 'UpgradeRegistryFailed';
    return { reason, message: `version ${version} of ${repository}: ${describeError(error)}` };
  }
}

/** A version reads every format of the stored state up to its own. */
function unreadable(version: string, label: string | undefined): Refusal | undefined {
  const format = /^\d{1,6}$/.test(label ?? '') ? Number(label) : undefined;
  if (format !== undefined && format >= STATE_FORMAT) return undefined;
  const what =
    format === undefined
      ? `its image has no label ${STATE_FORMAT_LABEL}: it cannot take over by itself. Install it with the chart`
      : `it reads stored state up to format ${format}, and this controller stored format ${STATE_FORMAT}`;
  return { reason: 'UpgradeStateUnreadable', message: `version ${version}: ${what}.` };
}
