// Options: each is also a NODEWRIGHT_… variable, and wrong values are refused in words.

import { InvalidArgumentError, Option } from 'commander';

import { parseDuration } from '../lib/duration.ts';

/** Tells main.ts the exit code. */
export type SetExitCode = (code: 0 | 1 | 2) => void;

/** `--status-branch <name>` is also NODEWRIGHT_STATUS_BRANCH. */
export function option(flags: string, description: string): Option {
  const created = new Option(flags, description);
  const name = created.long
    ?.replace(/^--(no-)?/, '')
    .replaceAll('-', '_')
    .toUpperCase();
  return name === undefined ? created : created.env(`NODEWRIGHT_${name}`);
}

/** A duration option's value in milliseconds. */
export function durationArgument(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds < 100) {
    throw new InvalidArgumentError('Give a duration of at least 100ms, such as 30s, 5m or 1h30m.');
  }
  return milliseconds;
}

/** An RFC 1123 label. */
export function nameArgument(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError('Use lower-case letters, digits and "-", at most 63.');
  }
  return text;
}

/** A port or `host:port`; 0 switches the server off. */
export function addressArgument(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:]*):)?([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[2] ?? Number.NaN);
  if (!(port >= 0 && port <= 65_535)) throw new InvalidArgumentError('Give a port, or host:port.');
  const host = match?.[1]?.replaceAll(/[[\]]/g, '');
  return { host: host === undefined || host === '' ? '127.0.0.1' : host, port };
}
