// Whether an image can be pulled and run here: its digest, and the labels of the one for a platform.

import { z } from 'zod';

import { clip } from '../lib/clip.ts';
import { RegistryError } from './errors.ts';
import type { Manifest, Registry } from './registry.ts';

export interface Platform {
  /** As Go writes them: `linux`, `amd64`. */
  readonly os: string;
  readonly architecture: string;
}

export interface ProbedImage {
  /** Of what the tag names: of the index where there is one. */
  readonly digest: string;
  readonly labels: Readonly<Record<string, string>>;
}

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Descriptor = z.object({ mediaType: z.string().optional(), digest: Digest });
const Index = z.object({
  manifests: z
    .array(Descriptor.extend({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() }))
    .max(256),
});
const Image = z.object({ config: Descriptor });
const Config = z.object({
  os: z.string(),
  architecture: z.string(),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

const MAX_CONFIG = 1024 * 1024;
const INDEXES = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/** Throws a RegistryError that says what is missing. */
export async function probeImage(registry: Registry, reference: string, platform: Platform): Promise<ProbedImage> {
  const top = await registry.manifest(reference);
  if (top === undefined)
    throw new RegistryError('UpgradeTagMissing', `the registry has no ${clip(reference, 100)} in the repository`);
  const manifest = INDEXES.has(top.mediaType) ? await choose(registry, top, platform) : top;
  const { config } = read(Image, manifest);
  const content: unknown = parse(await registry.blob(config.digest, MAX_CONFIG));
  const found = Config.safeParse(content);
  if (!found.success) throw unusable('the configuration of the image cannot be read');
  const { os, architecture, config: how } = found.data;
  if (os !== platform.os || architecture !== platform.architecture) throw missing(platform, [`${os}/${architecture}`]);
  return { digest: top.digest, labels: how?.Labels ?? {} };
}

async function choose(registry: Registry, index: Manifest, platform: Platform): Promise<Manifest> {
  const { manifests } = read(Index, index);
  const isFor = (one: (typeof manifests)[number]): boolean =>
    one.platform?.os === platform.os && one.platform.architecture === platform.architecture;
  const found = manifests.find(isFor);
  if (found === undefined)
    throw missing(
      platform,
      manifests.flatMap(({ platform: one }) => (one === undefined ? [] : `${one.os}/${one.architecture}`)),
    );
  const manifest = await registry.manifest(found.digest);
  if (manifest === undefined) throw unusable('the registry does not have the manifest that the index names');
  return manifest;
}

function missing({ os, architecture }: Platform, has: readonly string[]): RegistryError {
  const what = `the image is not built for ${os}/${architecture}; it has ${clip([...new Set(has)].join(', '), 200) || 'no platform'}`;
  return new RegistryError('UpgradePlatformMissing', what);
}

function read<T>(schema: z.ZodType<T>, { content, mediaType }: Manifest): T {
  const found = schema.safeParse(content);
  if (found.success) return found.data;
  throw unusable(`the manifest of the type ${clip(mediaType, 100)} cannot be read`);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function unusable(message: string): RegistryError {
  return new RegistryError('UpgradeRegistryFailed', message);
}
