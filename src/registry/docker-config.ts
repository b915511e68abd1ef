// The credentials of a `.dockerconfigjson`, as a Secret of the type kubernetes.io/dockerconfigjson holds it.

import { z } from 'zod';

import { isObject } from '../lib/json-value.ts';

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

const Entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
});

const MAX_CONFIG = 1024 * 1024;

/**
 * For a repository such as `ghcr.io/us/nodewright`. Entries may name a path, and the longest one that fits wins:
 * https://kubernetes.io/docs/concepts/containers/images/#config-json. Undefined when no entry fits. Throws for a text that is no
 * such file; the message repeats nothing of it.
 */
export function credentialsIn(text: string, repository: string): RegistryCredentials | undefined {
  const entries = Object.entries(authsOf(text))
    .map(([key, value]) => ({ place: placeOf(key), value }))
    .filter(({ place }) => covers(place, repository))
    .sort((a, b) => b.place.length - a.place.length);
  for (const { value } of entries) {
    const found = Entry.safeParse(value).data;
    const credentials = found === undefined ? undefined : credentialsOf(found);
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

function authsOf(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_CONFIG) throw new Error('the file of registry credentials is too large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('the file of registry credentials is not JSON');
  }
  const auths = isObject(value) ? (value['auths'] ?? {}) : undefined;
  if (!isObject(auths)) throw new Error('the file of registry credentials has no object "auths"');
  return auths;
}

/** `https://index.docker.io/v1/` → `docker.io`. */
function placeOf(key: string): string {
  const place = key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '');
  return place.replace(/^(index\.|registry-1\.)?docker\.io/, 'docker.io');
}

function covers(place: string, repository: string): boolean {
  if (!place.includes('*')) return repository === place || repository.startsWith(`${place}/`);
  // A star stands for one part of the host, as in `*.example.com`.
  const pattern = place.split('*').map(escapeRegExp).join('[^./:]*');
  return new RegExp(`^${pattern}(/|$)`).test(repository);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function credentialsOf({ auth, username, password }: z.infer<typeof Entry>): RegistryCredentials | undefined {
  if (username !== undefined && password !== undefined) return { username, password };
  if (auth === undefined) return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
