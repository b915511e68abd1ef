// The key reservations in a push: requested, decided on the tip that the push builds on, and reported to the nodes.

import { describeHolder, shortKey } from '../../keys/describe.ts';
import type { Holder } from '../../keys/foreign.ts';
import { isKeysPath, keysPath } from '../../keys/document.ts';
import type { PublishRequest } from '../../git/engine.ts';
import { describeError } from '../../lib/errors.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { documentText } from '../../status/documents.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { KeyRound } from '../node/keys/ledger.ts';
import type { KeptKey } from '../node/keys/returned.ts';
import { memoryPath } from '../../status/memory-document.ts';
import type { PublishDeps } from './deps.ts';
import { followedExecutors } from './followed.ts';
import { checkOwner } from './other-cluster.ts';

/** Another executor may release a key at any time, and only the branch says so. */
const WAITING_LOOK_MS = 10_000;

/** How often the tip is compared. */
export function lookMs({
  settings,
  keyLedger,
  keyReservations,
}: Pick<PublishDeps, 'settings' | 'keyLedger' | 'keyReservations'>): number {
  // That such a pod is gone no watch reports.
  return keyLedger.isWaiting || keyReservations.kept.size > 0
    ? Math.min(settings.statusLookMs, WAITING_LOOK_MS)
    : settings.statusLookMs;
}

/** From here on no pod starts with a key that this push gives back. */
export async function beginKeys(deps: PublishDeps): Promise<KeyRound> {
  const { settings, keyReservations, keyLedger, fleet, runtime } = deps;
  const given = await givenKeys(deps);
  const { approvals = [], executors } = fleet.pulled?.desired.fleet ?? {};
  const names = executors?.map(({ name }) => name);
  const round: KeyRound = {
    executor: settings.executor,
    given,
    wanted: keyReservations.wanted(),
    approvals: new Set(approvals.map(({ digest }) => digest)),
    executors: names,
    followed: followedExecutors(deps),
    now: timestamp(runtime.now()),
  };
  await keyLedger.begin(round);
  return round;
}

/** A key that cannot be proven unused stays reserved. */
async function givenKeys(deps: PublishDeps): Promise<ReadonlySet<string>> {
  const { keyReservations, notify, runtime } = deps;
  try {
    const before = keyReservations.kept;
    const given = await keyReservations.given();
    const { kept } = keyReservations;
    const news = [...kept].filter(([key, one]) => !sameJson(before.get(key), one));
    for (const [key, one] of news) announceKept(key, one, deps);
    // The plan names such pods.
    if (news.length > 0 || before.size !== kept.size) notify('KeysDecided', {});
    return given;
  } catch (error) {
    runtime.log.warn({ reason: describeError(error) }, 'Keeping key reservations: the pods cannot be listed');
    return new Set();
  }
}

/** Its node may be gone: the Event is about the controller's Lease. */
function announceKept(key: string, { node, stray }: KeptKey, deps: PublishDeps): void {
  const why = `${node}: ${stray}`;
  const message = `The signing key ${shortKey(key)} stays reserved for ${why}.`;
  deps.runtime.log.warn({ key, reason: why }, 'Keeping key reservation: a pod without the labels of its node can sign');
  emitAboutLease({ type: 'Warning', reason: 'KeyInUse', message, state: `key ${key}` }, deps);
}

/** An executor that never signed has no file. */
export function decidedKeys(round: KeyRound, deps: PublishDeps): NonNullable<PublishRequest['decided']> {
  const { keyLedger, redactor } = deps;
  return {
    reads: (path) => isKeysPath(path) || path === memoryPath(round.executor),
    // Both lie at the top of an executor's folder.
    enters: (folder) => !folder.includes('/'),
    async decide(tip) {
      checkOwner(tip, deps);
      const document = await keyLedger.decide(tip, round);
      if (document.keys.length === 0) return new Map();
      return new Map([[keysPath(round.executor), documentText(document, redactor)]]);
    },
  };
}

export async function landKeys(round: KeyRound, deps: PublishDeps): Promise<void> {
  const { keyLedger, notify } = deps;
  const contested = new Set(keyLedger.contested.keys());
  const unreadable = namesOf(keyLedger.unreadable);
  const isChanged = await keyLedger.landed(round);
  if (!sameJson(unreadable, namesOf(keyLedger.unreadable))) announceUnreadable(deps);
  for (const [key] of keyLedger.contested) if (!contested.has(key)) announceContest(key, deps);
  if (isChanged) notify('KeysDecided', {});
}

function namesOf(holders: readonly Holder[]): readonly string[] {
  return holders.map(({ executor }) => executor).sort();
}

const MAX_NAMES = 20;

/** A node that waits says more. */
function announceUnreadable({ keyLedger, runtime }: PublishDeps): void {
  const names = namesOf(keyLedger.unreadable);
  if (names.length === 0) return;
  const beyond = keyLedger.unreadable.filter(({ isBeyond }) => isBeyond === true).length;
  const facts = { executors: names.slice(0, MAX_NAMES), count: names.length, beyond };
  runtime.log.warn(
    facts,
    'Holding new signing keys: keys.yaml of executors cannot be read, or found no room. Remove the folders of executors that do not exist from the status branch',
  );
}

/** The pod keeps running: an administrator has to decide which of them stops. */
function announceContest(key: string, { keyLedger, watches, events, runtime }: PublishDeps): void {
  const holder = keyLedger.contested.get(key);
  const node = keyLedger.reserved().find((one) => one.key === key)?.node ?? '';
  if (holder === undefined) return;
  const message = `${describeHolder(key, holder)} ${node} of this executor has it reserved as well. Stop one of them at once.`;
  runtime.log.error({ key, node, executor: holder.executor }, 'Key reserved by two executors');
  const about = watches.nodes.get(node);
  if (about !== undefined) events.emit({ about, type: 'Warning', reason: 'KeyContested', message });
}
