// Jobs on CometBFT nodes: who may go back, who may exchange keys. The rollback itself: test/worker/cometbft-rollback.test.ts.

import { execFileSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { jobs } from '../../../src/chains/cosmos/jobs.ts';
import { ROLLBACK_SCRIPT } from '../../../src/chains/cosmos/rollback-script.ts';
import { example, nodeWith } from '../examples.ts';

const full = { nodeType: 'full', identity: undefined };

describe('going back', () => {
  it.each([
    { because: 'a full node may', node: nodeWith('cosmos-validator', full), how: 'command', says: '' },
    { because: 'so may a Cosmos SDK program', node: example('cosmos-gaia').node, how: 'command', says: '' },
    { because: 'a validator stands still', node: example('cosmos-validator').node, how: 'refused', says: 'full node' },
    {
      because: 'so does any node with a key',
      node: nodeWith('cosmos-validator', { nodeType: 'full' }),
      how: 'refused',
      says: 'full node',
    },
    {
      because: 'so does one with a remote signer',
      node: nodeWith('cosmos-validator', { ...full, cosmos: { remoteSigner: {} } }),
      how: 'refused',
      says: 'full node',
    },
    {
      because: 'a development chain has one validator',
      node: nodeWith('cosmos-dev', { nodeType: 'full' }),
      how: 'refused',
      says: 'create it again',
    },
    {
      because: 'an application of its own stays ahead',
      node: nodeWith('cosmos-validator', { ...full, cosmos: { proxyApp: 'tcp://127.0.0.1:26658' } }),
      how: 'refused',
      says: 'tcp://127.0.0.1:26658',
    },
    {
      because: 'so does one that keeps its state on disk',
      node: nodeWith('cosmos-validator', { ...full, cosmos: { proxyApp: 'persistent_kvstore' } }),
      how: 'refused',
      says: 'Restore',
    },
  ])('$because', ({ node, how, says }) => {
    const answer = jobs.rollback(node, 9);
    expect(answer.how).toBe(how);
    expect(answer.how === 'refused' ? answer.reason : '').toContain(says);
  });

  it.each([
    { because: 'the built-in application reports 1', cosmos: {}, version: '1' },
    { because: 'none reports 0', cosmos: { proxyApp: 'noop' }, version: '0' },
  ])('expects the version of the application: $because', ({ cosmos, version }) => {
    const how = jobs.rollback(nodeWith('cosmos-validator', { ...full, cosmos }), 9);
    expect(how).toMatchObject({
      run: { env: { NODE_APP_VERSION: version, NODE_WANTED_HEIGHT: '9', NODE_CLIENT: 'cometbft' } },
    });
  });

  it('gives the worker pod no key', () => {
    const how = jobs.rollback(example('cosmos-gaia').node, 9);
    expect(how).toMatchObject({
      run: {
        image: 'ghcr.io/cosmos/gaia:v25.1.0',
        env: { NODE_CLIENT: 'gaiad', NODE_APP_VERSION: '' },
        mounts: [{ volume: 'data', path: '/data' }],
      },
    });
  });

  it('is a script for a plain shell, with nothing of a spec in it', () => {
    expect(() => execFileSync('sh', ['-n', '-c', ROLLBACK_SCRIPT])).not.toThrow();
    const how = jobs.rollback(example('cosmos-gaia').node, 9);
    expect(how).toMatchObject({ run: { command: ['sh', '-c', ROLLBACK_SCRIPT], args: [] } });
  });
});

describe('exchanging keys', () => {
  it.each([
    { because: 'a key in a Secret can be exchanged', node: example('cosmos-validator').node, says: undefined },
    { because: 'a full node has none', node: example('cosmos-gaia').node, says: 'Name two nodes with spec.identity.' },
    {
      because: 'a key on the volume can not',
      node: example('cosmos-dev').node,
      says: 'Move it into a Secret and set spec.identity.',
    },
    {
      because: 'a remote signer holds it',
      node: nodeWith('cosmos-validator', { identity: undefined, cosmos: { remoteSigner: {} } }),
      says: 'Point the remote signer at the other node instead.',
    },
  ])('$because', ({ node, says }) => {
    const answer = jobs.switchover(node);
    expect(answer.how === 'refused' ? answer.reason.split(/(?<=\.) /).at(-1) : undefined).toBe(says);
  });
});

it('names what a restore keeps', () => {
  const { node } = example('cosmos-validator');
  expect(jobs.identityFiles(node).map(({ path }) => path)).toContain('config/priv_validator_key.json');
  expect(jobs.signerState(node)).toContainEqual({
    volume: 'data',
    path: 'data/priv_validator_state.json',
    format: 'cometbft',
  });
});
