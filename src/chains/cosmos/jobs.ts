// One-shot jobs on CometBFT nodes.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { ChainJobs, HowTo, Refused } from '../../api/chain-jobs.ts';
import { soleVolume } from '../role-fields.ts';
import { optionsOf } from './options.ts';
import { ROLLBACK_SCRIPT } from './rollback-script.ts';
import { HOME } from './settings.ts';
import { workload } from './workload.ts';

export const jobs: ChainJobs = {
  identityFiles: (node) =>
    // The key's place is kept in both cases: a key of the node's own, or the link to its Secret.
    ['config/node_key.json', 'config/priv_validator_key.json', 'config/priv_validator_key.json.replaced'].map(
      (path) => ({
        volume: soleVolume(node.spec, 'node'),
        path,
      }),
    ),
  signerState: (node) =>
    ['data/priv_validator_state.json', 'data/priv_validator_state.json.secret'].map((path) => ({
      volume: soleVolume(node.spec, 'node'),
      path,
      format: 'cometbft',
    })),
  // `db_dir` is managed. The name of the block store by its engine: cometbft-db `goleveldb.go`, `pebble.go`, `badger_db.go`.
  databaseMarkers: (node) => [
    { volume: soleVolume(node.spec, 'node'), anyOf: ['data/blockstore.db', 'data/blockstore'] },
  ],
  rollback,
  snapshot: () => ({ how: 'copy' }),
  switchover,
};

function rollback(node: BlockchainNode, height: number): HowTo {
  const reason = whyNot(node);
  if (reason !== undefined) return { how: 'refused', reason };
  const [prepare] = workload(node).initContainers;
  if (prepare === undefined) throw new Error('a CometBFT node has an init container');
  const variables = { NODE_APP_VERSION: appVersion(node), NODE_WANTED_HEIGHT: String(height) };
  return {
    how: 'command',
    run: {
      image: prepare.image,
      command: ['sh', '-c', ROLLBACK_SCRIPT],
      args: [],
      env: { ...prepare.env, ...variables },
      mounts: [{ volume: soleVolume(node.spec, 'node'), path: HOME }],
    },
    repeatable: true,
    heightPattern: 'The newest block is (\\d+)\\.',
    cleanFailure: 'Nothing was changed\\.|No block was removed\\.',
  };
}

/** Who signed a block of a removed height refuses, rightly, to sign that height again. */
function whyNot({ spec }: BlockchainNode): string | undefined {
  if (spec.network === 'dev')
    return 'The only validator of a development chain refuses to sign a height twice, so the chain would stand still for ever. Delete the node with its volume and create it again.';
  const { remoteSigner, proxyApp } = optionsOf(spec);
  if (spec.nodeType === 'validator' || spec.identity !== undefined || remoteSigner !== undefined)
    return 'A validator refuses, rightly, to sign a height again that it has signed before, so it would stand still until the others are past it. Roll back a full node that follows the validators.';
  if (spec.clients['node']?.name === 'cosmos-sdk' || proxyApp === 'kvstore' || proxyApp === 'noop') return undefined;
  return `The application behind CometBFT (${proxyApp}) keeps a state of its own that CometBFT can't bring back. Restore a Backup or a Snapshot instead.`;
}

/**
 * The version that the built-in application reports. CometBFT takes it for its blocks, but a rollback takes the one in the
 * genesis; where they differ the node never starts again. A Cosmos SDK program reports what the genesis says.
 */
function appVersion({ spec }: BlockchainNode): string {
  if (spec.clients['node']?.name === 'cosmos-sdk') return '';
  return optionsOf(spec).proxyApp === 'noop' ? '0' : '1';
}

function switchover({ spec }: BlockchainNode): { readonly how: 'secret' } | Refused {
  if (optionsOf(spec).remoteSigner !== undefined)
    return {
      how: 'refused',
      reason: 'The key is held by a remote signer. Point the remote signer at the other node instead.',
    };
  if (spec.nodeType !== 'validator' && spec.identity === undefined)
    return {
      how: 'refused',
      reason: 'A full node signs nothing: there is no validator key to exchange. Name two nodes with spec.identity.',
    };
  if (spec.identity === undefined)
    return {
      how: 'refused',
      reason:
        "The validator's key lies on its volume and not in a Secret. Move it into a Secret and set spec.identity.",
    };
  return { how: 'secret' };
}
