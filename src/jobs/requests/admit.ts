// From files in Git to claims and objects: which request is claimed, created, bound, cancelled, or never runs again.

import type { RequestRefusal } from '../../api/codes/job-reasons.ts';
import { isFinal } from '../../api/job-phase.ts';
import { defined } from '../../lib/defined.ts';
import { timestamp } from '../../lib/timestamp.ts';
import type { AdmitInput, Decision, GitRequest, LiveRequest } from './admission.ts';
import { heldFor } from './approval.ts';
import { hasActed } from './open-jobs.ts';
import { UNREADABLE, type JobRecord } from './record.ts';
import { whyUnrecorded } from './unrecorded.ts';

/** One decision at most for each request. The same input gives the same decisions, in the order of keys. */
export function admit(input: AdmitInput): readonly Decision[] {
  const requests = new Map(
    input.requests.filter(({ executor }) => executor === input.executor).map((request) => [request.key, request]),
  );
  const keys = [...new Set([...requests.keys(), ...input.records.keys(), ...input.objects.keys()])].sort();
  return keys.flatMap((key) => {
    const decision = decide(
      { key, request: requests.get(key), record: input.records.get(key), object: input.objects.get(key) },
      input,
    );
    return decision === undefined ? [] : [decision];
  });
}

interface Case {
  readonly key: string;
  readonly request: GitRequest | undefined;
  readonly record: JobRecord | typeof UNREADABLE | undefined;
  readonly object: LiveRequest | undefined;
}

function decide({ key, request, record, object }: Case, input: AdmitInput): Decision | undefined {
  if (record === UNREADABLE)
    return request === undefined
      ? undefined
      : refused(
          request,
          'UnreadableRecord',
          'its record on the status branch cannot be read, so whether it ran is unknown; file a new request under a new name',
        );
  if (record === undefined) return request === undefined ? undefined : unrecorded({ request, object }, input);
  if (request !== undefined && request.specDigest !== record.specDigest)
    return refused(
      request,
      'Edited',
      `it was claimed with other content${record.commit === undefined ? '' : ` at commit ${record.commit.slice(0, 12)}`} and runs, or ran, as it was then; a request is immutable: put the file back and file a new one under a new name`,
    );
  if (isFinal(record.phase)) return undefined;
  return unfinished({ key, request, record, object }, input);
}

interface Unrecorded {
  readonly request: GitRequest;
  readonly object: LiveRequest | undefined;
}

function unrecorded(found: Unrecorded, input: AdmitInput): Decision | undefined {
  return mayHaveRun(found, input) ?? unapproved(found.request, input) ?? unclaimed(found, input);
}

function mayHaveRun({ request, object }: Unrecorded, input: AdmitInput): Decision | undefined {
  const isBound = object !== undefined && input.open.get(request.key) === object.uid;
  const why = isBound ? undefined : whyUnrecorded(request, input);
  return why === undefined ? undefined : refused(request, 'RecordLost', why);
}

function unapproved(request: GitRequest, { approvals }: AdmitInput): Decision | undefined {
  const hold = heldFor(request.needsApproval, approvals);
  return hold === undefined ? undefined : refused(request, 'PolicyException', `${hold.message}. ${hold.release}`);
}

/** An object without a record was made by hand, or its branch was lost: it gets a claim, and is bound like any other. */
function unclaimed({ request, object }: Unrecorded, input: AdmitInput): Decision | undefined {
  const { unpushed, now, mayBegin, open } = input;
  const acted = object !== undefined && hasActed(object.phase) ? object : undefined;
  if (acted !== undefined && open.get(request.key) !== acted.uid) return refuseStarted(request);
  if (acted !== undefined && differs(acted, request.objectDigest)) return refuseObject(request);
  if (!mayBegin)
    return refused(
      request,
      'BranchHeld',
      'the branch was moved or emptied, or the memory of the controller was lost, and actions are held for that: nothing new begins until they are released or undone',
    );
  // An object that has acted was bound by a record that is lost: it continues, and is not run a second time.
  const record: JobRecord = { ...claimOf(request, now), ...defined({ uid: acted?.uid }) };
  // Created again it would have a later time, and need one more push before there is an object.
  if (isSameClaim(unpushed.get(request.key), record)) return undefined;
  return { do: 'claim', key: request.key, record };
}

function isSameClaim(waiting: JobRecord | undefined, { specDigest, uid }: JobRecord): boolean {
  return waiting?.phase === 'Claimed' && waiting.specDigest === specDigest && waiting.uid === uid;
}

function claimOf(request: GitRequest, now: number): JobRecord {
  const { kind, namespace, name, executor, specDigest, objectDigest, commit, author, file, schedule, nodes } = request;
  return {
    kind,
    namespace,
    name,
    executor,
    specDigest,
    phase: 'Claimed',
    commit,
    author,
    file,
    ...defined({ objectDigest, schedule }),
    ...(nodes === undefined ? {} : { nodes: [...nodes] }),
    claimedAt: timestamp(now),
  };
}

type Claimed = Omit<Case, 'record'> & { readonly record: JobRecord };

function unfinished(claimed: Claimed, input: AdmitInput): Decision | undefined {
  const withdrawn = withdrawnWhy(claimed, input);
  if (!isRemembered(claimed, input)) return forgotten(claimed, input);
  return claimed.record.uid === undefined ? unbound(claimed, withdrawn, input) : bound(claimed, withdrawn, input);
}

/** An object that was bound before is the only one that may be bound again: another would run the request a second time. */
function isRemembered({ key, record, object }: Claimed, { open }: AdmitInput): boolean {
  const uid = open.get(key);
  if (uid === undefined || record.uid !== undefined) return uid !== undefined && uid === record.uid;
  return uid === '' || uid === object?.uid;
}

/**
 * Its name is used up. The object, if there is one, does not act. Also after an upgrade from a version without this memory: only
 * the status branch knows such a claim, and who may push there could set a request back that has run.
 */
function forgotten(claimed: Claimed, { now }: AdmitInput): Decision {
  const message =
    'the controller does not remember this claim: an older version of it made it, its memory was lost since, or someone else wrote the record; the request does not run: check the node, then file a new one under a new name';
  return ended(claimed, { phase: 'Interrupted', reason: 'Interrupted', message }, now);
}

/** The claim has landed, and no object is bound to it yet. */
function unbound(claimed: Claimed, withdrawn: string | undefined, input: AdmitInput): Decision | undefined {
  const { key, request, record, object } = claimed;
  const refuse = whyOther(claimed, input);
  // Without its file nothing but the record says which spec was claimed, and others can write that.
  if (object !== undefined && request !== undefined && refuse === undefined)
    return { do: 'bind', key, record: { ...record, uid: object.uid } };
  if (withdrawn !== undefined)
    return ended(
      { key, record },
      { phase: 'Cancelled', reason: 'Cancelled', message: `${withdrawn} before work began` },
      input.now,
    );
  if (request === undefined) return undefined;
  return refuse?.(request) ?? { do: 'create', key, request };
}

/** How a request is refused whose object someone else made; undefined where there is none. */
function whyOther({ key, request, record, object }: Claimed, { open }: AdmitInput): Refuse | undefined {
  if (object === undefined) return undefined;
  if (isStarted(object, key, open)) return refuseStarted;
  return differs(object, request?.objectDigest ?? record.objectDigest) ? refuseObject : undefined;
}

type Refuse = (request: GitRequest) => Decision;

/** The object that the record names may act, or has acted. */
function bound(
  { key, record, object }: Claimed,
  withdrawn: string | undefined,
  { now }: AdmitInput,
): Decision | undefined {
  if (object === undefined || object.uid !== record.uid)
    return ended(
      { key, record },
      {
        phase: 'Interrupted',
        reason: 'Interrupted',
        message:
          'its object disappeared from the cluster while it was running; check the node, then file a new request',
      },
      now,
    );
  return object.withdrawn === withdrawn ? undefined : { do: 'mark', key, uid: object.uid, withdrawn };
}

/** An object that someone else created under the name of the request, with a spec that was never merged. */
function differs({ objectDigest }: LiveRequest, claimed: string | undefined): boolean {
  return claimed !== undefined && objectDigest !== undefined && objectDigest !== claimed;
}

/** Its status says that it has acted, and it was never bound: someone else wrote that status. */
function isStarted(object: LiveRequest, key: string, open: AdmitInput['open']): boolean {
  return hasActed(object.phase) && open.get(key) !== object.uid;
}

function refuseStarted(request: GitRequest): Decision {
  return refused(
    request,
    'ObjectDiffers',
    'an object of this name with a status that this controller did not write is in the cluster, so the request is not run; find out who created that object and delete it: the request runs then',
  );
}

function refuseObject(request: GitRequest): Decision {
  return refused(
    request,
    'ObjectDiffers',
    'an object of this name with another spec is in the cluster, so the request is not run; find out who created that object and delete it: the request runs then',
  );
}

function withdrawnWhy({ key, request, record }: Claimed, input: AdmitInput): string | undefined {
  if (request !== undefined) return request.withdrawn;
  const isRemoved =
    input.trustRemovals &&
    !input.unreadable.has(key) &&
    !(record.file !== undefined && input.brokenFiles.has(record.file));
  return isRemoved ? 'its file was removed' : undefined;
}

function ended(
  { key, record }: Pick<Claimed, 'key' | 'record'>,
  end: Pick<JobRecord, 'phase' | 'reason' | 'message'>,
  now: number,
): Decision {
  const at = timestamp(now);
  return {
    do: 'end',
    key,
    record: { ...record, ...end, endedAt: at, phases: [...(record.phases ?? []), { phase: end.phase, at }].slice(-16) },
  };
}

function refused({ key, file }: GitRequest, reason: RequestRefusal, message: string): Decision {
  return { do: 'refuse', key, file, reason, message };
}
