// The Git credentials, from the environment or mounted files, never from the command line.

import { readFile } from 'node:fs/promises';

import { githubAppToken } from '../git/github/app-token.ts';
import type { GitCredentials } from '../git/remote.ts';

export interface GitAccess {
  /** Called for every operation, because mounted Secrets rotate. */
  readonly credentials: () => Promise<GitCredentials | undefined>;
  /** The secrets at the start, for the redactor. */
  readonly secrets: readonly string[];
}

export interface GitAccessOptions {
  readonly username: string | undefined;
  readonly tokenFile: string | undefined;
  readonly passwordFile: string | undefined;
  readonly app: GithubAppOptions | undefined;
}

export interface GithubAppOptions {
  readonly appId: string;
  readonly installationId: string;
  readonly keyFile: string;
  readonly apiUrl: string;
  readonly ca: string | undefined;
}

const MAX_SECRET_BYTES = 16_384;

/**
 * A GitHub App; or NODEWRIGHT_GIT_TOKEN or a token file; or a user name with NODEWRIGHT_GIT_PASSWORD or a password file; or anonymous.
 * Throws when a file cannot be read. The content is in no message.
 */
export async function gitAccess(options: GitAccessOptions, environment: NodeJS.ProcessEnv): Promise<GitAccess> {
  const { username, tokenFile, passwordFile, app } = options;
  const token = app === undefined ? secretFrom(environment['NODEWRIGHT_GIT_TOKEN'], tokenFile, 'token') : tokenOf(app);
  const password = secretFrom(environment['NODEWRIGHT_GIT_PASSWORD'], passwordFile, 'password');
  async function credentials(): Promise<GitCredentials | undefined> {
    const [tokenNow, passwordNow] = [await token(), await password()];
    if (tokenNow !== undefined)
      return { kind: 'token', token: tokenNow, ...(username === undefined ? {} : { username }) };
    if (passwordNow !== undefined) return { kind: 'basic', username: username ?? 'git', password: passwordNow };
    return undefined;
  }
  // The first token of an App is asked for when it is needed: GitHub may be away while the controller starts.
  const atStart = app === undefined ? await token() : undefined;
  const secrets = [atStart, await password()].filter((secret) => secret !== undefined);
  return { credentials, secrets };
}

function tokenOf({ appId, installationId, keyFile, apiUrl, ca }: GithubAppOptions): () => Promise<string | undefined> {
  const key = secretFrom(undefined, keyFile, 'App key');
  const privateKey = async (): Promise<string> => (await key()) ?? '';
  return githubAppToken({ appId, installationId, privateKey, apiUrl, ca }, Date.now);
}

function secretFrom(
  value: string | undefined,
  file: string | undefined,
  what: string,
): () => Promise<string | undefined> {
  return async () => {
    if (file === undefined) return value === undefined || value === '' ? undefined : value;
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Error(`the Git ${what} file ${file} cannot be read (${error.code}); check that the Secret is mounted`);
    });
    if (text.length > MAX_SECRET_BYTES)
      throw new Error(`the Git ${what} file ${file} is larger than ${MAX_SECRET_BYTES} bytes`);
    return text.trim() === '' ? undefined : text.trim();
  };
}
