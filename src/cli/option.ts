// Options: each is also a NODEWRIGHT_… variable. Wrong values are refused with what to write instead.

import { InvalidArgumentError, Option } from 'commander';

import { DEFAULT_NAMESPACE } from '../api/group.ts';
import { parseDuration } from '../lib/duration.ts';

/** Sets the exit code of the process. */
export type SetExitCode = (code: 0 | 1 | 2) => void;

/** `--status-branch <name>` is also NODEWRIGHT_STATUS_BRANCH; commands that share an option's name share its variable. */
export function option(flags: string, description: string): Option {
  const created = new Option(flags, description);
  const name = created.long?.replace(/^--/, '').replaceAll('-', '_').toUpperCase();
  return name === undefined ? created : created.env(`NODEWRIGHT_${name}`);
}

/** The namespace of nodes that name none. The commands need the same one as the controller. */
export function namespaceOption(): Option {
  return option('--namespace <name>', 'namespace of nodes and jobs that name none; also NOVACULA_OPERATOR_NAMESPACE')
    .argParser(nameArgument)
    .default(DEFAULT_NAMESPACE);
}

/** Where the controller keeps its memory. */
export function ownNamespaceOption(): Option {
  return option(
    '--own-namespace <name>',
    'namespace of the controller itself, where it keeps what it remembers (default: that of --namespace)',
  ).argParser(nameArgument);
}

export function kubeconfigOption(): Option {
  return option(
    '--kubeconfig <file>',
    "kubeconfig of the cluster (default: KUBECONFIG, ~/.kube/config, the pod's service account)",
  );
}

export function contextOption(): Option {
  return option('--context <name>', 'context of the kubeconfig (default: its current context)');
}

/** The value of a duration option in milliseconds. */
export function durationArgument(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds < 100) {
    throw new InvalidArgumentError('Give a duration of at least 100ms, such as 30s, 5m or 1h30m.');
  }
  return milliseconds;
}

/** Names separated by commas. */
export function listArgument(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** RFC 1123 labels separated by commas, at least one. */
export function namesArgument(text: string): readonly string[] {
  const names = listArgument(text).map(nameArgument);
  if (names.length === 0) throw new InvalidArgumentError('Give at least one name.');
  return names;
}

/** An RFC 1123 label. */
export function nameArgument(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError('Use lower-case letters, digits and "-", at most 63.');
  }
  return text;
}

/** A branch's name by the rules of git-check-ref-format, without `refs/heads/`. */
export function branchArgument(text: string): string {
  const isBad =
    /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|\.lock(\/|$)|(^|\/)\./.test(text) ||
    text.startsWith('refs/') ||
    text.length > 200;
  if (isBad || ['', '@', 'HEAD'].includes(text)) {
    throw new InvalidArgumentError('Give the name of a branch, such as main.');
  }
  return text;
}

/** An http(s) URL without credentials, which would be visible in the process list. */
export function repositoryArgument(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.host === '') {
    throw new InvalidArgumentError('Give an http:// or https:// URL; SSH and local paths are not supported.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError(
      'Remove user and password from the URL; set NODEWRIGHT_GIT_TOKEN, or NODEWRIGHT_GIT_USERNAME and NODEWRIGHT_GIT_PASSWORD.',
    );
  }
  // Paths of Git are added at the end; a URL parser drops spaces and line breaks.
  if (/[?#\s\u0000-\u001f\u007f]/.test(text) || text.length > MAX_URL_LENGTH) {
    throw new InvalidArgumentError(
      'Give a URL such as https://git.example.com/us/fleet.git, without spaces, query or fragment.',
    );
  }
  return text;
}

const MAX_URL_LENGTH = 2000;

/** The user of basic authorization, which ends at the first colon (RFC 7617). */
export function userArgument(text: string): string {
  if (/^[^:\u0000-\u001f\u007f]{1,200}$/.test(text)) return text;
  throw new InvalidArgumentError('Give a user name without ":" and control characters.');
}

/** An id of a GitHub App: a number, or its client ID. It becomes a part of a URL. */
export function appIdArgument(text: string): string {
  if (/^[A-Za-z0-9.]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError('Give an id of letters and digits, as GitHub shows it.');
}

/** A port or `host:port`; port 0 selects a free one. */
export function addressArgument(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:]*):)?([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[2] ?? Number.NaN);
  if (!(port >= 0 && port <= 65_535)) throw new InvalidArgumentError('Give a port, or host:port.');
  const host = match?.[1]?.replaceAll(/[[\]]/g, '');
  return { host: host === undefined || host === '' ? '127.0.0.1' : host, port };
}

/** `Name <email>`, as Git writes it. */
export function authorArgument(text: string): { readonly name: string; readonly email: string } {
  const [, name, email] = /^([^<>\u0000-\u001f]{1,100}) <([^<>\s]{1,200}@[^<>\s]{1,200})>$/.exec(text) ?? [];
  if (name === undefined || email === undefined)
    throw new InvalidArgumentError('Give a name and an address, such as "Nodewright <nodewright@example.org>".');
  return { name, email };
}

/** One line with `{subject}`. */
export function messageArgument(text: string): string {
  if (!/^[^\u0000-\u001f\u007f]{1,200}$/.test(text) || !text.includes('{subject}'))
    throw new InvalidArgumentError('Give one line that contains {subject}, such as "OPS-1: {subject}".');
  return text;
}
