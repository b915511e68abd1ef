// The options of commands that talk to the Git server.

import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import type { GitCredentials } from '../git/remote.ts';
import { gitAccess, type GithubAppOptions } from './git-access.ts';
import { appIdArgument, option, repositoryArgument, userArgument } from './option.ts';

export interface GitOptions {
  readonly gitUsername?: string;
  readonly gitTokenFile?: string;
  readonly gitPasswordFile?: string;
  readonly gitCaFile?: string;
  readonly gitAllowHttp?: boolean;
  readonly gitAppId?: string;
  readonly gitAppInstallationId?: string;
  readonly gitAppKeyFile?: string;
  readonly gitAppApiUrl: string;
}

export function addGitOptions(command: Command): Command {
  return command
    .addOption(
      option('--git-username <name>', 'user for NODEWRIGHT_GIT_PASSWORD or NODEWRIGHT_GIT_TOKEN').argParser(
        userArgument,
      ),
    )
    .addOption(option('--git-token-file <file>', 'file with an access token, read again for every operation'))
    .addOption(option('--git-password-file <file>', 'file with a password, read again for every operation'))
    .addOption(
      option('--git-app-id <id>', 'id of a GitHub App, whose tokens are used instead of a token of a user').argParser(
        appIdArgument,
      ),
    )
    .addOption(
      option('--git-app-installation-id <id>', 'its installation in the organization of the repository').argParser(
        appIdArgument,
      ),
    )
    .addOption(option('--git-app-key-file <file>', 'its private key in PEM format, read again for every token'))
    .addOption(
      option('--git-app-api-url <url>', 'API of the GitHub server')
        .argParser(repositoryArgument)
        .default('https://api.github.com'),
    )
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
  const ca = gitCaFile === undefined ? undefined : await readAuthorities(gitCaFile);
  const { credentials, secrets } = await gitAccess(
    { username: gitUsername, tokenFile: gitTokenFile, passwordFile: gitPasswordFile, app: appOf(options, ca) },
    process.env,
  );
  return { credentials, secrets, ca, allowHttp: gitAllowHttp ?? false };
}

function appOf(options: GitOptions, ca: string | undefined): GithubAppOptions | undefined {
  const { gitAppId: appId, gitAppInstallationId: installationId, gitAppKeyFile: keyFile } = options;
  if (appId === undefined && installationId === undefined && keyFile === undefined) return undefined;
  if (appId === undefined || installationId === undefined || keyFile === undefined)
    throw new Error('a GitHub App needs --git-app-id, --git-app-installation-id and --git-app-key-file');
  return { appId, installationId, keyFile, apiUrl: options.gitAppApiUrl, ca };
}

async function readAuthorities(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error('the file of --git-ca-file cannot be read', { cause });
  });
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${file} has no PEM certificate`);
  return text;
}
