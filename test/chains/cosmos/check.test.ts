// What a CometBFT node's spec must say.

import { describe, expect, it } from 'vitest';

import { cosmos } from '../../../src/chains/cosmos/cosmos.ts';
import { environment } from '../../../src/chains/cosmos/settings.ts';
import { example, nodeWith } from '../examples.ts';

const ID = 'a'.repeat(40);

describe('check', () => {
  const rows: readonly { because: string; base: string; fields: Record<string, unknown>; codes: readonly string[] }[] =
    [
      {
        because: 'an SDK chain needs its own image and program',
        base: 'cosmos-gaia',
        fields: { clients: { node: { name: 'cosmos-sdk' } }, cosmos: {} },
        codes: ['MissingImage', 'MissingBinary'],
      },
      {
        because: 'the remote signer needs a port that nothing else has',
        base: 'cosmos-dev',
        fields: { cosmos: { remoteSigner: { port: 26_657 } } },
        codes: ['DuplicatePort'],
      },
      {
        because: 'an image without a shell cannot prepare the node',
        base: 'cosmos-gaia',
        fields: {
          clients: { node: { name: 'cosmos-sdk', image: 'osmolabs/osmosis:30.0.1' } },
          cosmos: { binary: 'osmosisd' },
        },
        codes: ['MissingTools'],
      },
      {
        because: 'Osmosis calls a distroless image nonroot too',
        base: 'cosmos-gaia',
        fields: {
          clients: { node: { name: 'cosmos-sdk', image: 'osmolabs/osmosis:30.0.1-nonroot' } },
          cosmos: { binary: 'osmosisd' },
        },
        codes: ['MissingTools'],
      },
      {
        because: 'the image of Osmosis that is based on Alpine has a shell',
        base: 'cosmos-gaia',
        fields: {
          clients: { node: { name: 'cosmos-sdk', image: 'osmolabs/osmosis:30.0.1-alpine' } },
          cosmos: { binary: 'osmosisd' },
        },
        codes: [],
      },
      {
        because: 'a network needs a genesis',
        base: 'cosmos-gaia',
        fields: { genesis: undefined },
        codes: ['MissingGenesis'],
      },
      {
        because: 'a genesis from the net needs a checksum',
        base: 'cosmos-gaia',
        fields: { genesis: { url: 'https://a.example' } },
        codes: ['MissingChecksum'],
      },
      {
        because: 'a validator needs a key',
        base: 'cosmos-validator',
        fields: { identity: undefined },
        codes: ['MissingIdentity'],
      },
      {
        because: 'a remote signer and a key would be two signers',
        base: 'cosmos-validator',
        fields: { cosmos: { remoteSigner: {} } },
        codes: ['TwoSigners'],
      },
      {
        because: 'variables that are settings would go around the checks',
        base: 'cosmos-validator',
        fields: {
          env: {
            node: [
              { name: 'CMT_PRIV_VALIDATOR_KEY_FILE', value: '/x' },
              { name: 'CMTHOME', value: '/x' },
              { name: 'GOGC', value: '50' },
            ],
          },
        },
        codes: ['ManagedSetting', 'ManagedSetting'],
      },
      {
        because: 'managed keys are refused, each one',
        base: 'cosmos-validator',
        fields: { config: { 'config.toml': { 'p2p.laddr': 'x', priv_validator_key_file: 'y', 'p2p.pex': 'maybe' } } },
        codes: ['ManagedSetting', 'ManagedSetting', 'InvalidSetting'],
      },
      {
        because: 'bare CometBFT has no app.toml',
        base: 'cosmos-dev',
        fields: { config: { 'app.toml': { 'api.enable': 'true' } }, cosmos: { pruning: 'nothing' } },
        codes: ['UnusedSetting', 'UnusedSetting'],
      },
      {
        because: 'options that do not fit their schema are problems here, too',
        base: 'cosmos-dev',
        fields: { cosmos: { seeds: ['no-peer'] } },
        codes: ['InvalidValue'],
      },
      {
        because: "a headless Service is its pod's address, which CometBFT looks up once",
        base: 'cosmos-dev',
        fields: {
          cosmos: {
            seeds: [`${ID}@val-0.nodes.svc.cluster.local:26656`],
            persistentPeers: [
              `${ID}@val-0-p2p.nodes.svc.cluster.local:26656`,
              `${ID}@val-0-0.val-0.nodes.svc:26656`,
              `${ID}@peer.example.com:26656`,
              `${ID}@192.0.2.1:26656`,
            ],
          },
        },
        codes: ['UnstablePeer', 'UnstablePeer'],
      },
    ];
  it.each(rows)('$because', ({ base, fields, codes }) => {
    expect(cosmos.check(nodeWith(base, fields).spec).map((problem) => problem.code)).toEqual(codes);
  });
});

describe('an unstable peer', () => {
  it('is a warning that says what to write instead', () => {
    const seeds = [`${ID}@val-0-0.val-0.nodes.svc.cluster.local:26656`];
    expect(cosmos.check(nodeWith('cosmos-dev', { cosmos: { seeds } }).spec)).toMatchObject([
      {
        level: 'warning',
        path: ['spec', 'cosmos', 'seeds', 0],
        message: expect.stringContaining('use val-0-p2p.nodes.svc,'),
      },
    ]);
  });
});

describe('environment', () => {
  it('carries user settings and managed ones under the name the program reads', () => {
    const variables = environment(example('cosmos-gaia').node, 'GAIAD');
    expect(variables).toMatchObject({
      GAIAD_MINIMUM_GAS_PRICES: '0.005uatom',
      GAIAD_STATE_SYNC_SNAPSHOT_INTERVAL: '1000',
      GAIAD_API_ENABLE: 'true',
      GAIAD_STATESYNC_RPC_SERVERS: 'https://rpc-a.example:443,https://rpc-b.example:443',
      GAIAD_P2P_EXTERNAL_ADDRESS: 'gaia.example:26656',
    });
  });

  it('points at the mounted key and leaves the signer state on the volume', () => {
    const variables = environment(example('cosmos-validator').node, 'CMT');
    expect(variables['CMT_PRIV_VALIDATOR_KEY_FILE']).toBe('/identity/priv_validator_key.json');
    expect(variables['CMT_PRIV_VALIDATOR_STATE_FILE']).toBeUndefined();
  });
});
