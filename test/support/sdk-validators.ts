// A network of a Cosmos SDK application for tests: its own program makes keys and genesis.

import { mkdtemp, readFile, rm, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { binary } from '../cluster/binaries.ts';
import { SIMD_IMAGE } from '../cluster/image-list.ts';
import { run } from '../cluster/command.ts';
import { describeNetwork, type Signer, type Validators, type ValidatorsOptions } from './validators.ts';

const COINS = '100000000stake';
const STAKE = '70000000stake';

/** The nodes run SIMD_IMAGE, which the caller imports. Builds the program first when it is not there. */
export async function makeSdkValidators(options: ValidatorsOptions): Promise<Validators> {
  const folder = await mkdtemp(join(tmpdir(), 'sdk-network-'));
  try {
    const { chainId, names } = options;
    const program = await binary('simd');
    const simd = (name: string, ...args: readonly string[]): Promise<string> =>
      run(program, [...args, '--home', join(folder, name)], { timeoutMs: 60_000 });
    const file = (name: string, path: string): string => join(folder, name, 'config', path);
    const [first = ''] = names;
    for (const name of names) {
      await simd(name, 'init', name, '--chain-id', chainId);
      await simd(name, 'keys', 'add', name, ...KEYRING);
      const account = (await simd(name, 'keys', 'show', name, '-a', ...KEYRING)).trim();
      await simd(first, 'genesis', 'add-genesis-account', account, COINS);
    }
    for (const name of names) {
      if (name !== first) await cp(file(first, 'genesis.json'), file(name, 'genesis.json'));
      await simd(name, 'genesis', 'gentx', name, STAKE, '--chain-id', chainId, ...KEYRING);
      if (name !== first) await cp(file(name, 'gentx'), file(first, 'gentx'), { recursive: true });
    }
    await simd(first, 'genesis', 'collect-gentxs');
    const signers = names.map(async (name): Promise<[string, Signer]> => [name, await readSigner(simd, name, file)]);
    return describeNetwork(options, {
      genesis: await readFile(file(first, 'genesis.json'), 'utf8'),
      signers: new Map(await Promise.all(signers)),
      program: {
        clients: { node: { name: 'cosmos-sdk', image: SIMD_IMAGE.reference } },
        cosmos: { binary: 'simd', minimumGasPrices: '0stake' },
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const KEYRING = ['--keyring-backend', 'test'] as const;

async function readSigner(
  simd: (name: string, ...args: readonly string[]) => Promise<string>,
  name: string,
  file: (name: string, path: string) => string,
): Promise<Signer> {
  const key = await readFile(file(name, 'priv_validator_key.json'), 'utf8');
  const files = {
    'priv_validator_key.json': key,
    'node_key.json': await readFile(file(name, 'node_key.json'), 'utf8'),
  };
  const { address } = JSON.parse(key) as { readonly address: string };
  return { nodeId: (await simd(name, 'comet', 'show-node-id')).trim(), address, files };
}
