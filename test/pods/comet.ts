// CometBFT nodes asked over RPC: blocks and values, who signs, and whether any key ever signed twice.

import { waitFor } from '../demo/wait-for.ts';
import { addressOf, type PodFinder } from './pod-finder.ts';

/** What one node says of itself. */
export interface CometStatus {
  readonly height: number;
  /** Of the key that it signs with: upper-case hex. */
  readonly address: string;
}

/** What the chain holds from its first block to `height`. */
export interface Chain {
  readonly height: number;
  /** Who signed each block, by height. */
  readonly signers: ReadonlyMap<number, readonly string[]>;
  /** Evidence of misbehaviour in any block: CometBFT puts two votes of one key there. */
  readonly evidence: readonly unknown[];
}

export async function statusOf(world: PodFinder, name: string): Promise<CometStatus> {
  const { sync_info, validator_info } = await ask<StatusAnswer>(world, name, 'status');
  return { height: Number(sync_info.latest_block_height), address: validator_info.address };
}

/**
 * All who signed a block above this one. The newest is left out: what a node has of that is who had signed when two thirds
 * had, while the block after it lists all that came in time.
 */
export async function signersAbove(world: PodFinder, name: string, above: number): Promise<ReadonlySet<string>> {
  const { height } = await statusOf(world, name);
  const signers = new Set<string>();
  for (let at = above + 1; at < height; at++)
    for (const signer of signersIn(await ask<CommitAnswer>(world, name, `commit?height=${at}`))) signers.add(signer);
  return signers;
}

/** Reads every block and every commit that the node has. */
export async function wholeChain(world: PodFinder, name: string): Promise<Chain> {
  const { height } = await statusOf(world, name);
  const signers = new Map<number, readonly string[]>();
  const evidence: unknown[] = [];
  for (let at = 1; at <= height; at++) {
    signers.set(at, signersIn(await ask<CommitAnswer>(world, name, `commit?height=${at}`)));
    evidence.push(...(await ask<BlockAnswer>(world, name, `block?height=${at}`)).block.evidence.evidence);
  }
  return { height, signers, evidence };
}

export async function hashAt(world: PodFinder, name: string, height: number): Promise<string> {
  return (await ask<BlockAnswer>(world, name, `block?height=${height}`)).block_id.hash;
}

/** Writes to the key-value application through one node, and waits until another has it. */
export async function put(
  world: PodFinder,
  [key, value]: readonly [string, string],
  { through, on }: { readonly through: string; readonly on: string },
): Promise<void> {
  await ask(world, through, `broadcast_tx_commit?tx="${key}=${value}"`);
  await waitFor({ what: `${key} on ${on}`, timeoutMs: 60_000 }, async () =>
    (await valueAt(world, on, key)) === value ? true : undefined,
  );
}

/** What the application has under a key; empty when it has nothing. */
export async function valueAt(world: PodFinder, name: string, key: string): Promise<string> {
  const { response } = await ask<QueryAnswer>(world, name, `abci_query?data="${key}"`);
  return Buffer.from(response.value ?? '', 'base64').toString();
}

interface StatusAnswer {
  readonly sync_info: { readonly latest_block_height: string };
  readonly validator_info: { readonly address: string };
}

interface QueryAnswer {
  readonly response: { readonly value: string | null };
}

interface CommitAnswer {
  readonly signed_header: {
    readonly commit: {
      readonly signatures: readonly { readonly block_id_flag: number; readonly validator_address: string }[];
    };
  };
}

interface BlockAnswer {
  readonly block_id: { readonly hash: string };
  readonly block: { readonly evidence: { readonly evidence: readonly unknown[] } };
}

/** `BlockIDFlagAbsent`: the place of a validator that did not sign. */
const ABSENT = 1;

function signersIn({ signed_header }: CommitAnswer): readonly string[] {
  return signed_header.commit.signatures
    .filter(({ block_id_flag }) => block_id_flag !== ABSENT)
    .map(({ validator_address }) => validator_address);
}

async function ask<T>(world: PodFinder, name: string, path: string): Promise<T> {
  const url = `http://${addressOf(world, name)}:26657/${path}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  const { result, error } = (await response.json()) as { result?: T; error?: { data: string } };
  if (result === undefined) throw new Error(`${name} ${path}: ${error?.data}`);
  return result;
}
