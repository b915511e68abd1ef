// What one client says about itself, and whether to believe it.

import type { Expectation, RoleFacts } from '../chains/observed.ts';
import { redactedLine } from '../lib/redact.ts';
import { isBehind, isElsewhere, isOld, isSynced, lacksPeers } from './head.ts';
import { judgeSilence } from './judge-silence.ts';
import { roleVerdict, startOf, type RoleVerdict, type RoleView } from './role-view.ts';
import { broken, stuck, underway, type Verdict } from './verdict.ts';

/** A ready node stays ready until its head is this many times the allowed age (EL clients: 60 s, warn to 300 s). */
const LATE_FACTOR = 5;
/** From this on a client that had no new block is called halted. */
const HALT_FACTOR = 10;
/** A client that takes in old blocks does so many times a second; one that pauses this long has stopped. */
const RISING_MS = 30_000;
/** Two writes of the status and some: where only those are known, a height that has not risen for longer does not move. */
const MOVING_MS = 180_000;

const NOTHING_EXPECTED: Expectation = { minPeers: 0 };

/** Only for a role whose container runs, as far as Kubernetes knows. */
export function judgeRole(view: RoleView): RoleVerdict {
  const { facts, expectation } = view;
  if (facts === undefined && expectation === undefined) return ofContainer(view);
  if (facts?.reach !== 'answering') return judgeSilence(view, facts);
  const said = withoutNeedlessPeers({ ...view, facts, expectation: expectation ?? NOTHING_EXPECTED });
  const verdict = RULES.map((rule) => rule(said)).find((found) => found !== undefined) ?? running(said);
  return roleVerdict(verdict, isSynced(facts, said.expectation, view.now));
}

/** A view of a role that answered. */
interface Said extends RoleView {
  readonly facts: RoleFacts;
  readonly expectation: Expectation;
}

/** A client without peers whose fresh head rises makes the blocks itself: the only validator of its network needs no peers. */
function withoutNeedlessPeers(said: Said): Said {
  const { facts, expectation, risenAt, now } = said;
  const { maxHeadAgeSeconds } = expectation;
  if (facts.peers !== 0 || maxHeadAgeSeconds === undefined || risenAt === undefined) return said;
  const alone: Said = { ...said, expectation: { ...expectation, minPeers: 0 } };
  const rises = now - risenAt <= maxHeadAgeSeconds * 1_000;
  return rises && isSynced(facts, alone.expectation, now) ? alone : said;
}

type Rule = (said: Said) => Verdict | undefined;

/** The first that speaks wins: causes before what follows from them. */
const RULES: readonly Rule[] = [wrongNetwork, alarm, noPeers, noBlocks, syncing, lagging, unknownHead, oldHead];

/** A client that was well is given time before it is called anything else, but is not said to be at the tip. */
function running({ title, facts, expectation, now }: Said): Verdict {
  return isOld(facts, expectation, { now, factor: 1 })
    ? underway(
        'Running',
        'Running',
        `${title} runs, but its newest block is over ${expectation.maxHeadAgeSeconds} s old.`,
      )
    : underway('Running', 'Running', `${title} runs and is at the tip.`);
}

/** A process without questions: the kubelet's word is all there is. */
function ofContainer({ title, container }: RoleView): RoleVerdict {
  if (container?.ready === true) return roleVerdict(underway('Running', 'Running', `${title} runs.`), true);
  return roleVerdict(underway('Configuring', 'Starting', `${title} is starting.`), false);
}

function wrongNetwork({ title, facts, expectation }: Said): Verdict | undefined {
  if (!isElsewhere(facts, expectation)) return undefined;
  const found = redactedLine(facts.chainId ?? '', 64);
  return stuck(
    'WrongNetwork',
    `${title} is on chain ${found} but should be on ${expectation.chainId}: its data belong to another network. ` +
      'Stop the node and give it empty storage, or correct spec.network.',
  );
}

function alarm({ title, facts }: Said): Verdict | undefined {
  if (facts.alarm === undefined) return undefined;
  return broken(facts.alarm.reason, `${title}: ${redactedLine(facts.alarm.message, 300)}`);
}

function noPeers({ title, facts, expectation, wasReady, now }: Said): Verdict | undefined {
  if (!lacksPeers(facts, expectation)) return undefined;
  // Blocks still arrive: a moment without peers is no reason to call a good node bad.
  const fresh = isSynced({ ...facts, peers: expectation.minPeers }, expectation, now);
  if (wasReady && fresh && expectation.maxHeadAgeSeconds !== undefined) return undefined;
  return underway(
    'Syncing',
    'NoPeers',
    `${title} has fewer peers than the ${expectation.minPeers} it needs; ` +
      "check its p2p port, spec.p2p and the network's boot nodes.",
  );
}

function noBlocks({ title, role, facts, expectation }: Said): Verdict | undefined {
  if (facts.height !== 0 || facts.syncing === true || expectation.maxHeadAgeSeconds === undefined) return undefined;
  if (role === 'el')
    return underway(
      'Syncing',
      'WaitingForConsensusClient',
      `${title} is at block 0 and waits for its consensus client; check that one first.`,
    );
  return underway('Syncing', 'WaitingForFirstBlock', `${title} is at block 0 and waits for its peers to send blocks.`);
}

function syncing({ title, facts }: Said): Verdict | undefined {
  if (facts.syncing !== true) return undefined;
  return underway('Syncing', 'Syncing', `${title} is catching up with its network.`);
}

function lagging({ title, facts, expectation }: Said): Verdict | undefined {
  if (!isBehind(facts, expectation)) return undefined;
  return underway(
    'Syncing',
    'Lagging',
    `${title} is more than ${expectation.maxLag} blocks behind the best block it knows of.`,
  );
}

function unknownHead({ title, facts, expectation }: Said): Verdict | undefined {
  const { maxHeadAgeSeconds, maxLag } = expectation;
  const unproven = facts.syncing === undefined && maxLag === undefined;
  if (maxHeadAgeSeconds === undefined ? !unproven : facts.headTime !== undefined) return undefined;
  return underway('Syncing', 'HeadUnknown', `${title} answers but does not say whether it is at the tip.`);
}

function oldHead(said: Said): Verdict | undefined {
  const { title, facts, expectation, wasReady, now } = said;
  if (!isOld(facts, expectation, { now, factor: wasReady ? LATE_FACTOR : 1 })) return undefined;
  if (isMoving(said))
    return underway('Syncing', 'CatchingUp', `${title} calls itself synced but still takes in old blocks.`);
  const advice =
    'Compare with a node elsewhere: either the chain stands still, or this node is cut off or failed inside; see its log and the room on its disk.';
  const says = `${title} calls itself synced but`;
  return isHalted(said)
    ? broken('Halted', `${says} has had no new block for a long time. ${advice}`)
    : underway(
        'Syncing',
        'HeadTooOld',
        `${says} its newest block is over ${expectation.maxHeadAgeSeconds} s old. ${advice}`,
      );
}

/** A client that was stopped could have no new block: the time without one counts from its start at the earliest. */
function isHalted({ container, facts, expectation, previousReason, previousAt, now }: Said): boolean {
  const startedAt = startOf({ container });
  const isNewStart = previousAt !== undefined && startedAt > previousAt;
  if (previousReason === 'Halted' && !isNewStart) return true;
  const isSinceStart = facts.headTime !== undefined && startedAt / 1000 > facts.headTime;
  const since = isSinceStart ? { ...facts, headTime: startedAt / 1000 } : facts;
  return isOld(since, expectation, { now, factor: HALT_FACTOR });
}

/**
 * Whether the height rises. Before a rise was seen the previous status decides: it is written at an interval and already
 * holds the latest height after a write, so that "was moving a moment ago" counts too.
 */
function isMoving({ facts: { height }, previous, previousReason, previousAt, risenAt, now }: Said): boolean {
  if (risenAt !== undefined) return now - risenAt <= RISING_MS;
  if (height === undefined || previous?.height === undefined) return false;
  if (height !== previous.height) return height > previous.height;
  return previousReason === 'CatchingUp' && previousAt !== undefined && now - previousAt <= MOVING_MS;
}
