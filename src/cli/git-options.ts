// The options of commands that talk to the Git server.

import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import type { GitCredentials } from '../git/remote.ts';
import { gitAccess } from './git-access.ts';
import { option } from './option.ts';

export interface GitOptions {
  readonly gitUsername?: string;
  readonly gitTokenFile?: string;
  readonly gitPasswordFile?: string;
  readonly gitCaFile?: string;
  readonly gitAllowHttp?: boolean;
}

export function addGitOptions(command: Command): Command {
  return command
    .addOption(option('--git-username <name>', 'user for NODEWRIGHT_GIT_PASSWORD or NODEWRIGHT_GIT_TOKEN'))
    .addOption(option('--git-token-file <file>', 'file with an access token, read again for every operation'))
    .addOption(option('--git-password-file <file>', 'file with a password, read again for every operation'))
    .addOption(option('--git-ca-file <file>', 'PEM file with the certificate authorities of the repository'))
    .addOption(option('--git-allow-http', 'send Git credentials also over http://'));
}

export interface GitRemote {
  readonly credentials: () => Promise<GitCredentials | undefined>;
  readonly ca: string | undefined;
  readonly allowHttp: boolean;
  /** For the redactor. */
  readonly secrets: readonly string[];
}

/** Rejects when a file cannot be read. */
export async function gitRemote(options: GitOptions): Promise<GitRemote> {
  const { gitUsername, gitTokenFile, gitPasswordFile, gitCaFile, gitAllowHttp } = options;
  const { credentials, secrets } = await gitAccess(
    { username: gitUsername, tokenFile: gitTokenFile, passwordFile: gitPasswordFile },
    process.env,
  );
  const ca = gitCaFile === undefined ? undefined : await readAuthorities(gitCaFile);
  return { credentials, secrets, ca, allowHttp: gitAllowHttp ?? false };
}

async function readAuthorities(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error('the file of --git-ca-file cannot be read', { cause });
  });
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${file} has no PEM certificate`);
  return text;
}
