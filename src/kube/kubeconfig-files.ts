// The files that `KUBECONFIG` lists, merged as kubectl merges them. The library refuses a file that is missing and a name
// that two files define; kubectl ignores the first and takes the second from the file that comes first
// (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/).

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { KubeConfig } from './kube-config.ts';

/** The existing files that are read when no kubeconfig is named, in order. */
export function defaultFiles(): readonly string[] {
  const listed = listedFiles();
  return (listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')]).filter((file) => existsSync(file));
}

/** The merged configuration of `KUBECONFIG`; undefined when the variable is not set. Throws when no listed file exists. */
export function loadListedFiles(): KubeConfig | undefined {
  const listed = listedFiles();
  if (listed.length === 0) return undefined;
  const parts = defaultFiles().map(loadFile);
  if (parts.length === 0) throw new Error(`KUBECONFIG names no existing file: ${listed.join(', ')}`);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: firstOfEachName(parts.flatMap(({ clusters }) => clusters)),
    users: firstOfEachName(parts.flatMap(({ users }) => users)),
    contexts: firstOfEachName(parts.flatMap(({ contexts }) => contexts)),
    currentContext: parts.map((part) => part.getCurrentContext()).find((name) => name !== '' && name !== undefined),
  });
  return config;
}

function listedFiles(): readonly string[] {
  const { KUBECONFIG = '' } = process.env;
  return KUBECONFIG.split(delimiter).filter((file) => file !== '');
}

/** ~/.kube/config, else the service account of the pod. */
export function loadDefault(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

export function loadFile(file: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return config;
}

function firstOfEachName<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return entries.filter((entry, index) => entries.findIndex(({ name }) => name === entry.name) === index);
}
