// What keeps a controller that runs from its work, as it says it in Events about its Lease.

import type { ControllerReason } from '../api/codes/controller-reasons.ts';
import { ANNOTATION } from '../api/group.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { controllerLease } from '../kube/lease/holder.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { textAt } from '../lib/json-value.ts';

interface Ability {
  readonly failed: readonly ControllerReason[];
  readonly works: ControllerReason;
  /** What is wrong with the controller, and what that means. */
  readonly lacks: string;
}

const OWNS_NOTHING = 'owns no node and no job request';

const ABILITIES: readonly Ability[] = [
  {
    failed: ['LeaseHeld'],
    works: 'LeaseTaken',
    lacks: 'waits for its Lease and updates nothing',
  },
  {
    failed: ['DesiredReadFailed'],
    works: 'DesiredRead',
    lacks: 'cannot read the desired branch, so that what is merged has no effect',
  },
  {
    failed: ['FilesHaveErrors'],
    works: 'FilesValid',
    lacks: 'applies a part of the desired branch only',
  },
  {
    failed: ['ActionsHeld'],
    works: 'NothingHeld',
    lacks: 'does not do all that the desired branch asks for',
  },
  {
    failed: ['ActionsFailed'],
    works: 'ActionsSucceed',
    lacks: 'cannot do all that the desired branch asks for',
  },
  {
    failed: ['RequestsRefused'],
    works: 'RequestsAccepted',
    lacks: 'refuses what files in jobs/ and schedules ask for',
  },
  {
    failed: ['ExecutorNotListed'],
    works: 'ExecutorListed',
    lacks: OWNS_NOTHING,
  },
  {
    failed: ['StatusPushFailed', 'OtherCluster'],
    works: 'StatusPushed',
    lacks: 'cannot write the status branch',
  },
];

/** Of an executor that fleet.yaml does not list: it may have nodes from before, which leave it by actions that guards hold. */
export interface OwnNodes {
  readonly total: number;
  readonly held: number;
}

function unlistedText({ total, held }: OwnNodes): string {
  if (total === 0) return OWNS_NOTHING;
  const nodes = total === 1 ? 'node' : 'nodes';
  const gone = 'is not in spec.executors any more';
  if (held === total)
    return `${gone}; its ${total} ${nodes} ${total === 1 ? 'stays' : 'stay'} until what is held is approved`;
  const some = held === 0 ? '' : `, ${held} of them until what is held is approved`;
  return `${gone} and still has ${total} ${nodes}${some}`;
}

interface Place {
  readonly executor: string;
  readonly namespace: string;
  /** Of the executor. */
  readonly ownNodes?: OwnNodes;
}

/**
 * A line for each thing that is wrong. Undefined when the last attempts succeeded, when the controller was started since, when
 * there is no Event any more, and without permission to read Events.
 */
export async function readBranchWarning(
  cluster: Pick<Cluster, 'get' | 'list'>,
  { executor, namespace, ownNodes = { total: 0, held: 0 } }: Place,
): Promise<string | undefined> {
  const lease = controllerLease(executor, namespace);
  const { kind, name } = lease;
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const events = (await cluster.list(KINDS.Event, { namespace, fieldSelector }).catch(() => [])).map(saidIn);
  const failures = ABILITIES.flatMap((ability) => failureOf(ability, events));
  if (failures.length === 0) return undefined;
  // One that was started since says so itself when it cannot do it either.
  const startedAt = Date.parse(textAt(await cluster.get(lease).catch(() => undefined), ['spec', 'acquireTime']) ?? '');
  const lines = failures
    .filter(({ at }) => !(Date.parse(at) < startedAt))
    .map(
      ({ lacks, message }) =>
        `the controller of executor ${executor} ${lacks === OWNS_NOTHING ? unlistedText(ownNodes) : lacks}: ${cleanLine(message, MAX_MESSAGE)}`,
    );
  return lines.length === 0 ? undefined : lines.join('\n');
}

const MAX_MESSAGE = 1000;

interface Said {
  readonly reason: string;
  readonly message: string;
  readonly at: string;
}

function saidIn(event: KubeObject): Said {
  return {
    reason: textAt(event, ['reason']) ?? '',
    message: textAt(event, ['message']) ?? '',
    // Without the annotation it is one of an older controller.
    at: event.metadata.annotations?.[ANNOTATION.saidAt] ?? textAt(event, ['lastTimestamp']) ?? '',
  };
}

/** The last word about it, when that is a failure. */
function failureOf(
  { failed, works, lacks }: Ability,
  events: readonly Said[],
): readonly (Said & Pick<Ability, 'lacks'>)[] {
  const isFailure = ({ reason }: Said): boolean => failed.some((one) => one === reason);
  const [last] = events
    .filter((said) => isFailure(said) || said.reason === works)
    .toSorted((a, b) => (a.at < b.at ? 1 : -1));
  return last !== undefined && isFailure(last) ? [{ ...last, lacks }] : [];
}
