// Where a repository is and how to prove who we are; the secret stays in here and in the request header.

import { GitError, oneLine } from './errors.ts';

export type GitCredentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** Sent as basic authorization; `username` is `x-access-token` (GitHub Apps, most forges take any) unless given. */
  | { readonly kind: 'token'; readonly token: string; readonly username?: string }
  | { readonly kind: 'bearer'; readonly token: string };

export interface RemoteOptions {
  /** `https://host/path` (or http://), without user or password. */
  readonly url: string;
  /** Asked once per operation, because tokens rotate; undefined means anonymous. */
  readonly credentials?: (() => Promise<GitCredentials | undefined>) | undefined;
  /** PEM of certificate authorities that are trusted instead of the built-in ones. */
  readonly ca?: string | undefined;
  /** Sends credentials over http:// to any host; without it only to this machine. */
  readonly allowHttp?: boolean | undefined;
}

const MAX_URL = 2000;

/** A checked URL. Throws UNSUPPORTED_URL; the text never repeats a password that stood in the URL. */
export function checkUrl(text: string): URL {
  const wrong = wrongText(text);
  if (wrong !== undefined) throw unsupported(wrong);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw new GitError(
      'UNSUPPORTED_URL',
      `The repository URL of ${oneLine(url.host, 260)} holds a user or password; remove it there and give credentials by a Secret`,
    );
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw unsupported(`${url.protocol}// is not supported`);
  if (url.search !== '' || url.hash !== '') throw unsupported('it has a query or a fragment');
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function wrongText(text: string): string | undefined {
  if (text.length > MAX_URL) return `it is longer than ${MAX_URL} characters`;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text) || /^[^/@:]+@[^/]+:/.test(text)) return 'it is no http(s) URL';
  return URL.canParse(text) ? undefined : 'it cannot be parsed';
}

function unsupported(why: string): GitError {
  return new GitError('UNSUPPORTED_URL', `The repository URL cannot be used: ${why}; use https://host/owner/name`);
}

/** Throws UNSUPPORTED_URL when credentials for `url` could be read on the way. */
export function refusePlainHttp(url: URL): void {
  if (url.protocol !== 'http:' || LOOPBACK.test(url.hostname)) return;
  throw new GitError(
    'UNSUPPORTED_URL',
    `Credentials are not sent to ${url.host} over plain HTTP, where others can read them; use https://, or allow it with --git-allow-http`,
  );
}

const LOOPBACK = /^(127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

/** The value of the Authorization header. */
export function authorizationOf(credentials: GitCredentials): string {
  if (credentials.kind === 'bearer') return `Bearer ${credentials.token}`;
  const [user, password] =
    credentials.kind === 'basic'
      ? [credentials.username, credentials.password]
      : [credentials.username ?? 'x-access-token', credentials.token];
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Cleans a server's text: one line, short, and without the secret in any form in which we sent it. */
export function redactor(credentials: GitCredentials | undefined): (text: string) => string {
  if (credentials === undefined) return (text) => oneLine(text);
  const secret = credentials.kind === 'basic' ? credentials.password : credentials.token;
  const sent = authorizationOf(credentials).replace(/^\w+ /, '');
  const forms = [sent, secret, encodeURIComponent(secret)].filter((form) => form !== '');
  return (text) => oneLine(forms.reduce((left, form) => left.replaceAll(form, '***'), text));
}

/** Git's own rules for a branch name (git-check-ref-format), and no `-` at the start. Throws BAD_BRANCH_NAME. */
export function checkBranch(branch: string): string {
  const bad =
    branch === '' ||
    branch === '@' ||
    branch === 'HEAD' ||
    branch.length > 200 ||
    /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/$|^\/|\.$|^-|^refs\//.test(branch) ||
    branch.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'));
  if (!bad) return branch;
  throw new GitError('BAD_BRANCH_NAME', `${JSON.stringify(oneLine(branch, 60))} is not a valid branch name`);
}
