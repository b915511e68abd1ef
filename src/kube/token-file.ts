// `tokenFile` of a kubeconfig's user, which the library does not read: it looks for the older `token-file`, and only once.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { parse } from 'yaml';

import { textAt, valueAt } from '../lib/json-value.ts';
import type { KubeConfig } from './kube-config.ts';
import { defaultFiles } from './kubeconfig-files.ts';

/**
 * Lets every user of `config` that names a token file log in with it, as a pod's service account does: read again every
 * minute. It wins over a token beside it, and a relative path starts at the kubeconfig's folder (client-go, clientcmd).
 * `file` is the kubeconfig that was asked for; without one, those that the library reads by itself.
 */
export function useTokenFiles(config: KubeConfig, file: string | undefined): void {
  const named = tokenFilesIn(file === undefined ? defaultFiles() : [file]);
  if (named.size === 0) return;
  config.users = config.users.map((user) => {
    const tokenFile = named.get(user.name);
    if (tokenFile === undefined) return user;
    const { token: _beside, ...others } = user;
    return { ...others, authProvider: { name: 'tokenFile', config: { tokenFile } } };
  });
}

/** User → absolute path. A user that several files define is taken from the first. */
function tokenFilesIn(files: readonly string[]): ReadonlyMap<string, string> {
  const users = files.flatMap((file) => {
    const listed = valueAt(parse(readFileSync(file, 'utf8')), ['users']);
    return (Array.isArray(listed) ? listed : []).map((user: unknown) => ({ user, folder: dirname(file) }));
  });
  const seen = new Set<string | undefined>();
  return new Map(
    users.flatMap(({ user, folder }): [string, string][] => {
      const name = textAt(user, ['name']);
      const tokenFile = textAt(user, ['user', 'tokenFile']);
      const isFirst = !seen.has(name);
      seen.add(name);
      return name === undefined || tokenFile === undefined || !isFirst ? [] : [[name, resolve(folder, tokenFile)]];
    }),
  );
}
