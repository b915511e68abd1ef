// Makes the `rpcauth=` line that lets bitcoind check a password it does not know (share/rpcauth/rpcauth.py).

import { hmacSha256 } from '../../lib/hmac.ts';

/** `rpcauth=<user>:<salt>$<HMAC-SHA256 of the password under the salt>` and a line feed. The salt is 32 hex digits. */
export function rpcauthLine(user: string, password: string, salt: string): string {
  return `rpcauth=${user}:${salt}$${hmacSha256(salt, password)}\n`;
}
