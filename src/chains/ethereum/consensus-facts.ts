// Reads what a consensus client says through the standard beacon API (ethereum/beacon-APIs, apis/node).

import { z } from 'zod';

import { defined } from '../../lib/defined.ts';
import type { Reply, RoleFacts } from '../observed.ts';
import { DecimalNumber } from '../numbers.ts';
import { factsOfFailure, restAnswer, valueOf } from '../reply.ts';

const SECONDS_PER_SLOT = 12;

/** What turns a slot into a time. */
export interface SlotClock {
  readonly beaconGenesis?: number;
  readonly secondsPerSlot?: number;
}

const Syncing = z.object({
  data: z.object({
    head_slot: DecimalNumber,
    sync_distance: DecimalNumber,
    is_syncing: z.boolean(),
    is_optimistic: z.boolean().optional(),
    el_offline: z.boolean().optional(),
  }),
});
type SyncState = z.infer<typeof Syncing>['data'];
const Peers = z.object({ data: z.object({ connected: DecimalNumber }) });
const Version = z.object({ data: z.object({ version: z.string().min(1).max(256) }) });

/** More slots behind than this is syncing, also when the client says otherwise. */
export const MAX_DISTANCE = 2;

/** Facts of the role `cl`; heights are slots. */
export function consensusFacts(replies: ReadonlyMap<string, Reply>, clock: SlotClock = {}): RoleFacts {
  const answer = restAnswer(replies.get('cl.syncing'));
  const syncing = valueOf(answer, Syncing)?.data;
  if (syncing === undefined) {
    const isInitialising = answer.kind === 'complaint' && answer.code === 503;
    if (isInitialising) return { reach: 'starting', message: 'the beacon node is not initialised yet' };
    return factsOfFailure(answer, '/eth/v1/node/syncing');
  }
  const { is_optimistic: optimistic } = syncing;
  return {
    reach: 'answering',
    ...position(syncing),
    ...defined({
      headTime: timeOf(syncing.head_slot, clock),
      details: optimistic === undefined ? undefined : { optimistic },
    }),
    ...offline(syncing.el_offline === true),
    ...extras(replies),
  };
}

function position({ head_slot: height, sync_distance: distance, ...flags }: SyncState): Partial<RoleFacts> {
  const target = height + distance;
  const syncing = flags.is_syncing || distance > MAX_DISTANCE || flags.is_optimistic === true;
  return { syncing, height, target, ...(syncing && target > 0 ? { progress: height / target } : {}) };
}

function timeOf(slot: number, { beaconGenesis, secondsPerSlot = SECONDS_PER_SLOT }: SlotClock): number | undefined {
  return beaconGenesis === undefined ? undefined : beaconGenesis + slot * secondsPerSlot;
}

function offline(isOffline: boolean): Partial<RoleFacts> {
  if (!isOffline) return {};
  const message = 'The consensus client cannot reach its execution client. See the log of the container el.';
  return { alarm: { reason: 'ExecutionOffline', message } };
}

function extras(replies: ReadonlyMap<string, Reply>): Partial<RoleFacts> {
  const peers = valueOf(restAnswer(replies.get('cl.peers')), Peers)?.data.connected;
  const version = valueOf(restAnswer(replies.get('cl.version')), Version)?.data.version;
  return defined({ peers, version });
}
