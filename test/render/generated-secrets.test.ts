// Secrets that the controller makes.

import { describe, expect, it } from 'vitest';

import { btcdLogin } from '../../src/chains/bitcoin/btcd-login.ts';
import { rpcauthLine } from '../../src/chains/bitcoin/rpcauth.ts';
import { generatedSecretRefs, makeSecret } from '../../src/render/generated-secrets.ts';
import { example } from '../chains/examples.ts';

/** Counts up, so that every call gives another value. */
function counter(): (bytes: number) => string {
  let call = 0;
  return (bytes) => (++call).toString(16).padStart(bytes * 2, '0');
}

describe('generated secrets', () => {
  it('gives each Ethereum node a token of 32 bytes, and a development node none', () => {
    const { node, chain } = example('ethereum-geth-lighthouse');
    const [made] = generatedSecretRefs(node, chain.workload(node));
    expect(made?.ref).toEqual({ apiVersion: 'v1', kind: 'Secret', namespace: 'novacula-system', name: 'eth-geth-jwt' });
    const secret = makeSecret(node, made?.secret ?? { name: '', keys: {} }, counter());
    expect(secret['stringData']).toEqual({ 'jwt.hex': '1'.padStart(64, '0') });
    const dev = example('ethereum-dev');
    expect(generatedSecretRefs(dev.node, dev.chain.workload(dev.node))).toEqual([]);
  });

  it('derives the rpcauth line from the password in the same Secret', () => {
    const { node, chain } = example('bitcoin-mainnet');
    const [made] = generatedSecretRefs(node, chain.workload(node));
    const secret = makeSecret(node, made?.secret ?? { name: '', keys: {} }, counter());
    const password = '1'.padStart(64, '0');
    expect(secret['stringData']).toEqual({
      user: 'nodewright',
      password,
      'rpcauth.conf': rpcauthLine('nodewright', password, '2'.padStart(32, '0')),
    });
    expect(chain.questions(node)[0]?.auth).toEqual({ secret: 'btc-0-rpc', userKey: 'user', passwordKey: 'password' });
    expect(secret.metadata.name).toBe('btc-0-rpc');
  });

  it("writes btcd's file with the password of the same Secret", () => {
    const { node, chain } = example('bitcoin-btcd');
    const [made] = generatedSecretRefs(node, chain.workload(node));
    const secret = makeSecret(node, made?.secret ?? { name: '', keys: {} }, counter());
    const password = '1'.padStart(64, '0');
    const login = btcdLogin('nodewright', password);
    expect(secret['stringData']).toEqual({ user: 'nodewright', password, 'btcd.conf': login });
  });
});
