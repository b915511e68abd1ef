// Image references: taken apart, and put together for an upgrade.

import { repositoryOf } from '../policy/images.ts';

export interface ImageParts {
  /** As written: `nodewright/nodewright`, `10.0.0.1:5000/nodewright`. */
  readonly name: string;
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

export function splitImage(image: string): ImageParts {
  const [tagged = '', digest] = image.split('@');
  const slash = tagged.lastIndexOf('/');
  const colon = tagged.indexOf(':', slash + 1);
  return {
    name: colon === -1 ? tagged : tagged.slice(0, colon),
    tag: colon === -1 ? undefined : tagged.slice(colon + 1),
    digest,
  };
}

/** A version is a tag, a digest, or a tag with the digest that it must have: `0.2.0@sha256:…`. */
export interface VersionParts {
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export function splitVersion(version: string): VersionParts {
  if (version.startsWith('sha256:')) return { tag: undefined, digest: version };
  const [tag, digest] = version.split('@');
  return { tag, digest };
}

/** Always with the digest that the registry gave: what was checked is what runs. */
export function pinnedImage(name: string, { tag }: Pick<VersionParts, 'tag'>, digest: string): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}@${digest}`;
}

/** Whether the image is the version in the repository. A tag that was moved since is the same version. */
export function isVersion(image: string, repository: string, version: string): boolean {
  const has = splitImage(image);
  const asked = splitVersion(version);
  if (repositoryOf(image) !== repositoryOf(repository)) return false;
  if (asked.digest !== undefined) return has.digest === asked.digest;
  return has.tag === asked.tag;
}
