// The repository of an image reference, written out: what a policy compares.

/**
 * `geth:1` → `docker.io/library/geth`, `host:5000/a/b@sha256:…` → `host:5000/a/b`. As the container runtime reads it:
 * https://github.com/distribution/reference/blob/main/normalize.go
 */
export function repositoryOf(image: string): string {
  const withoutDigest = image.split('@')[0] ?? '';
  const slash = withoutDigest.lastIndexOf('/');
  const colon = withoutDigest.indexOf(':', slash + 1);
  return withHost(colon === -1 ? withoutDigest : withoutDigest.slice(0, colon));
}

/** A pattern of repositories, with its registry. */
export function repositoryPattern(pattern: string): string {
  return pattern.startsWith('**') ? pattern : withHost(pattern);
}

function withHost(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  if (isHost) return first === 'index.docker.io' ? ['docker.io', ...rest].join('/') : name;
  return rest.length === 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
}
