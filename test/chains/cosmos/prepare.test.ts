// Runs the script that makes a CometBFT volume ready, with a stand-in for the program and the real shell tools.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PREPARE_SCRIPT } from '../../../src/chains/cosmos/prepare.ts';
import { sha256 } from '../../../src/lib/hash.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepare-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'identity'));
  writeFileSync(join(folder, 'identity/priv_validator_key.json'), '{"key":"secret"}');
  // Writes what `cometbft init` writes, and counts its runs. Like the real one it makes a key, and a signer state of zero
  // with it, when it finds no key.
  const program = `#!/bin/sh
echo run >> "${folder}/runs"
printf '[p2p]' > "$NODE_HOME/config/config.toml"
key="$NODE_HOME/config/priv_validator_key.json"
[ -f "$key" ] || { printf own > "$key"; printf '{"height":"0"}' > "$NODE_HOME/data/priv_validator_state.json"; }
[ -f "$NODE_HOME/config/genesis.json" ] || printf '{\\n  "chain_id": "test-chain-x",\\n  "n": 1\\n}' > "$NODE_HOME/config/genesis.json"
`;
  writeFileSync(join(folder, 'bin/cometbft'), program, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function prepare(variables: Record<string, string>): { readonly code: number | null; readonly stderr: string } {
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    NODE_HOME: join(folder, 'home'),
    NODE_CLIENT: 'cometbft',
    NODE_MONIKER: 'x',
    NODE_POD: 'x-0',
    NODE_CHAIN_ID: 'dev',
    NODE_IDENTITY: 'own',
    NODE_IDENTITY_PATH: join(folder, 'identity'),
    NODE_SIGNER_VOLUME: join(folder, 'signer-volume'),
    NODE_GENESIS: 'own',
    NODE_GENESIS_URL: '',
    NODE_GENESIS_SHA256: '',
    ...variables,
  };
  // The path inside the container is fixed; the test has no such folder.
  const script = PREPARE_SCRIPT.replaceAll('/genesis/genesis.json', join(folder, 'genesis.json')).replaceAll(
    '/dev/termination-log',
    join(folder, 'termination-log'),
  );
  const { status, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
  return { code: status, stderr };
}

const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

describe('the prepare script', () => {
  it('is valid for a plain shell', () => {
    expect(() => execFileSync('sh', ['-n', '-c', PREPARE_SCRIPT])).not.toThrow();
  });

  it('makes a chain under the given id, once', () => {
    expect(prepare({}).code).toBe(0);
    expect(JSON.parse(read('home/config/genesis.json'))).toEqual({ chain_id: 'dev', n: 1 });
    expect(prepare({}).code).toBe(0);
    expect(read('runs')).toBe('run\n');
  });

  it('finishes a run that died between init and genesis', () => {
    mkdirSync(join(folder, 'home/config'), { recursive: true });
    writeFileSync(join(folder, 'home/config/config.toml'), '[p2p]');
    expect(prepare({}).code).toBe(0);
    expect(JSON.parse(read('home/config/genesis.json'))).toMatchObject({ chain_id: 'dev' });
  });

  it.each(['x-1', 'x-10', 'x-00', 'other-0', ''])(
    'refuses to prepare the pod "%s", before anything is written',
    (pod) => {
      const { code, stderr } = prepare({ NODE_IDENTITY: 'secret', NODE_POD: pod });
      expect(code).toBe(1);
      expect(stderr).toContain('a node has one pod, x-0');
      expect(read('termination-log')).toContain('Scale the StatefulSet x to 1 replica.');
      expect(existsSync(join(folder, 'home/data/priv_validator_state.json'))).toBe(false);
      expect(existsSync(join(folder, 'home/config/priv_validator_key.json'))).toBe(false);
    },
  );

  it('gives a key from a Secret an empty signer state on a new volume', () => {
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
    expect(JSON.parse(read('home/data/priv_validator_state.json'))).toEqual({ height: '0', round: 0, step: 0 });
  });

  it('keeps a signer state that is there', () => {
    mkdirSync(join(folder, 'home/data'), { recursive: true });
    writeFileSync(join(folder, 'home/data/priv_validator_state.json'), '{"height":"77"}');
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
    expect(read('home/data/priv_validator_state.json')).toBe('{"height":"77"}');
  });

  it('refuses a new volume for a key that has signed with another one', () => {
    writeFileSync(join(folder, 'signer-volume'), 'used');
    for (let start = 0; start < 2; start++) {
      const { code, stderr } = prepare({ NODE_IDENTITY: 'secret' });
      expect(code).toBe(1);
      expect(stderr).toContain('This volume is new, but the key');
    }
    expect(existsSync(join(folder, 'home/data/priv_validator_state.json'))).toBe(false);
  });

  it('starts on the volume with which its key has signed', () => {
    writeFileSync(join(folder, 'signer-volume'), 'new');
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
    writeFileSync(join(folder, 'signer-volume'), 'used');
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
  });

  it('needs no record of signatures for a key that the node makes itself', () => {
    writeFileSync(join(folder, 'signer-volume'), 'used');
    expect(prepare({}).code).toBe(0);
  });

  it('never copies the key, and never loses one that the node made itself', () => {
    expect(prepare({}).code).toBe(0);
    expect(read('home/config/priv_validator_key.json')).toBe('own');
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
    expect(readlinkSync(join(folder, 'home/config/priv_validator_key.json'))).toBe(
      join(folder, 'identity/priv_validator_key.json'),
    );
    expect(read('home/config/priv_validator_key.json.replaced')).toBe('own');
    expect(prepare({}).code).toBe(0);
    expect(existsSync(join(folder, 'home/config/priv_validator_key.json'))).toBe(false);
  });

  it('never forgets what was signed with a Secret, even when a key of its own signs in between', () => {
    const state = join(folder, 'home/data/priv_validator_state.json');
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
    writeFileSync(state, '{"height":"77"}');
    expect(prepare({}).code).toBe(0);
    // What the program does at its start when it finds no key.
    writeFileSync(join(folder, 'home/config/priv_validator_key.json'), 'own again');
    writeFileSync(state, '{"height":"0"}');
    expect(prepare({}).code).toBe(0);
    expect(read('home/data/priv_validator_state.json')).toBe('{"height":"0"}');
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
    expect(read('home/data/priv_validator_state.json')).toBe('{"height":"77"}');
    writeFileSync(state, '{"height":"90"}');
    expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
    expect(read('home/data/priv_validator_state.json')).toBe('{"height":"90"}');
  });

  it('says so when the Secret has no key', () => {
    rmSync(join(folder, 'identity/priv_validator_key.json'));
    const { code, stderr } = prepare({ NODE_IDENTITY: 'secret' });
    expect([code, stderr.trim()]).toEqual([1, 'The Secret of spec.identity has no priv_validator_key.json.']);
  });

  it('refuses to sign from zero beside chain data', () => {
    mkdirSync(join(folder, 'home/data/blockstore.db'), { recursive: true });
    const { code, stderr } = prepare({ NODE_IDENTITY: 'secret' });
    expect(code).toBe(1);
    expect(stderr).toContain('no priv_validator_state.json');
    expect(read('termination-log')).toContain('Restore it');
    expect(existsSync(join(folder, 'home/data/priv_validator_state.json'))).toBe(false);
  });

  it('takes a genesis from a file and checks its digest', () => {
    const genesis = '{"chain_id":"private-1"}';
    writeFileSync(join(folder, 'genesis.json'), genesis);
    expect(prepare({ NODE_GENESIS: 'file', NODE_GENESIS_SHA256: sha256(genesis) }).code).toBe(0);
    expect(read('home/config/genesis.json')).toBe(genesis);
    writeFileSync(join(folder, 'genesis.json'), '{"chain_id":"evil"}');
    const { code, stderr } = prepare({ NODE_GENESIS: 'file', NODE_GENESIS_SHA256: sha256(genesis) });
    expect(code).toBe(1);
    expect(stderr).toContain(sha256(genesis));
    expect(read('home/config/genesis.json')).toBe(genesis);
  });

  it('fetches a genesis once and refuses a wrong one', () => {
    const genesis = '{"chain_id":"hub"}';
    writeFileSync(
      join(folder, 'bin/wget'),
      `#!/bin/sh\nprintf '%s' '${genesis}' > "$5"\necho x >> "${folder}/fetches"\n`,
      { mode: 0o755 },
    );
    const wanted = { NODE_GENESIS: 'url', NODE_GENESIS_URL: 'https://g.example', NODE_GENESIS_SHA256: sha256(genesis) };
    expect(prepare(wanted).code).toBe(0);
    expect(prepare(wanted).code).toBe(0);
    expect(read('home/config/genesis.json')).toBe(genesis);
    expect(read('fetches')).toBe('x\n');
    expect(prepare({ ...wanted, NODE_GENESIS_SHA256: '0'.repeat(64) }).code).toBe(1);
    expect(read('home/config/genesis.json')).toBe(genesis);
  });

  it.each(['https://g.example/genesis.json.gz', 'https://g.example/genesis.json.gz?raw=1'])(
    'unpacks a compressed genesis once: %s',
    (url) => {
      const genesis = '{"chain_id":"hub-1"}';
      const packed = gzipSync(genesis);
      writeFileSync(join(folder, 'packed'), packed);
      const fetch = `#!/bin/sh\ncp "${folder}/packed" "$5"\necho x >> "${folder}/fetches"\n`;
      writeFileSync(join(folder, 'bin/wget'), fetch, { mode: 0o755 });
      const wanted = { NODE_GENESIS: 'url', NODE_GENESIS_URL: url, NODE_GENESIS_SHA256: sha256(packed) };
      expect(prepare(wanted).code).toBe(0);
      expect(prepare(wanted).code).toBe(0);
      expect(read('home/config/genesis.json')).toBe(genesis);
      expect(read('fetches')).toBe('x\n');
      rmSync(join(folder, 'home/config/genesis.json'));
      expect(prepare(wanted).code).toBe(0);
      expect(read('home/config/genesis.json')).toBe(genesis);
    },
  );

  it('puts a node key of the Secret in place, and keeps it when another Secret comes: peers know the node by it', () => {
    for (const key of ['{"k":1}', '{"k":2}']) {
      writeFileSync(join(folder, 'identity/node_key.json'), key);
      expect(prepare({ NODE_IDENTITY: 'secret' }).code).toBe(0);
      expect(read('home/config/node_key.json')).toBe('{"k":1}');
    }
  });
});
