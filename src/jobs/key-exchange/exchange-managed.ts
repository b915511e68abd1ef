// Managed nodes exchange their keys: what each key has signed is read, moved to the other volume, and only then the keys.

import type { JobTask, SignerMove, SignerRecord } from '../../api/job-status.ts';
import { capText } from '../../lib/clean-text.ts';
import { millisecondsOf, timestamp } from '../../lib/timestamp.ts';
import { movesStates } from '../model/keys-at-risk.ts';
import { DEADLINE } from '../model/deadlines.ts';
import { exchanged, identityChanged, isExchanged, isUntouched, nowOf, type Pair } from './exchange-pair.ts';
import { fail, stay, type Move, type Scope } from '../model/scope.ts';
import { describeSigned, NO_FILE } from '../model/signer-state.ts';
import { signerRecords } from './signer-record.ts';
import { failedOf, runSignerTasks, tasksAreOver } from './signer-tasks.ts';
import { stopTasks } from '../task/stop-tasks.ts';
import { waitsForWorkers } from '../task/workers-left.ts';

/**
 * read → write → assign, or back by undo; the step is stored before it begins. A volume's signer state belongs to the key
 * that the node had: with the other key on top of it, that key could sign a height a second time. Raising both to the
 * later one would be safe too, but would stand a small chain still until it is past that height.
 *
 * After the first write nothing is read any more: what is written, there or back, is what is on record.
 */
export function exchangeManaged(scope: Scope, pair: Pair): Move {
  const { signers } = scope.status;
  const now = nowOf(scope, pair);
  const mayBeExchanged = signers?.step === 'assign' && isExchanged(pair, now);
  if (!mayBeExchanged && !isUntouched(pair, now)) return identityChanged(scope, pair, now);
  switch (signers?.step) {
    case undefined:
      return begin(scope, pair);
    case 'read':
      return read(scope, signers);
    case 'write':
      return write(scope, pair, signers);
    case 'assign':
      return mayBeExchanged ? exchanged(scope, pair) : assign(scope, pair, signers);
    case 'undo':
      return undo(scope, signers);
  }
}

function begin(scope: Scope, pair: Pair): Move {
  const found = signerRecords(scope, pair);
  if ('refused' in found) return fail(scope, { ...found, unsafe: false });
  const step = found.states.length === 0 ? 'assign' : 'read';
  return goTo(scope, { step, states: found.states, tasks: [] }, 'looks for what the keys have signed');
}

interface Next extends Pick<SignerMove, 'step' | 'states' | 'trouble'> {
  /** On record from now on. Pieces of one step must not be taken for those of the next. */
  readonly tasks: JobTask[];
  readonly notes?: readonly string[];
}

/** The next step is recorded alone; its first effect follows when that is stored. */
function goTo(scope: Scope, { tasks, notes, ...signers }: Next, message: string): Move {
  const status = {
    signers: { ...signers, states: [...signers.states], since: timestamp(scope.now) },
    ...(notes === undefined ? {} : { notes: [...(scope.status.notes ?? []), ...notes].slice(-8) }),
    works: tasks,
  };
  return stay(scope, message, { status });
}

function read(scope: Scope, { states }: SignerMove): Move {
  const steps = runSignerTasks(
    scope,
    states.map((state) => ({ state, step: 'read' })),
  );
  if (!steps.ended) return steps.move;
  const { tasks } = steps;
  const bad = failedOf(tasks);
  if (bad !== undefined)
    return fail(
      scope,
      { reason: bad.code, message: `${bad.message}; nothing was changed`, unsafe: false },
      { works: tasks },
    );
  const known = states.map((state) => ({ ...state, text: tasks.find(({ node }) => node === state.node)?.text }));
  const silent = known.find(({ text }) => text === undefined);
  if (silent !== undefined)
    return fail(scope, {
      reason: 'NoResult',
      message: `the worker pod on ${silent.node} did not say what it read; nothing was changed`,
      unsafe: false,
    });
  const absent = known.filter(({ text }) => text === NO_FILE);
  if (absent.length === 1)
    return fail(scope, {
      reason: 'SignerStateMissing',
      message: `${absent[0]?.node ?? ''} has no record of what its key has signed, and its key may not sign elsewhere without one; nothing was changed. Start the node once, then file a new Switchover`,
      unsafe: false,
    });
  if (absent.length > 0) return goTo(scope, { step: 'assign', states: known, tasks, notes: [UNSIGNED] }, UNSIGNED);
  const has = known.map(({ node, text }) => `${node}: ${describeSigned(text)}`).join('; ');
  return goTo(scope, { step: 'write', states: known, tasks: [] }, `has on record what the keys have signed: ${has}`);
}

const UNSIGNED = 'neither key has signed anything yet';

function write(scope: Scope, pair: Pair, { states }: SignerMove): Move {
  const [first, second] = states;
  if (first === undefined || second === undefined) throw new Error('a signer state can only move between two nodes');
  const steps = runSignerTasks(scope, [
    { state: first, step: 'write', from: second },
    { state: second, step: 'write', from: first },
  ]);
  if (!steps.ended) return steps.move;
  const { tasks } = steps;
  const bad = failedOf(tasks);
  if (bad === undefined) {
    const notes = [moved(first, pair.a, second), moved(second, pair.b, first)];
    return goTo(scope, { step: 'assign', states, tasks, notes }, 'what the keys have signed lies on the other volumes');
  }
  // A writing pod that still runs would write over what is taken back.
  if (!tasksAreOver(scope, tasks)) {
    const effects = stopTasks({ ...scope, status: { ...scope.status, works: tasks } });
    return stay(scope, waitsForWorkers(scope), { status: { works: tasks }, effects });
  }
  const trouble = { reason: bad.code, message: capText(bad.message, 1024) };
  const traced = states.map((state) => withTrace(state, tasks));
  return goTo(
    scope,
    { step: 'undo', states: traced, tasks: [], trouble },
    `takes back what was written: ${bad.message}`,
  );
}

function moved({ node, text }: SignerRecord, key: string, to: SignerRecord): string {
  return `the signer state of ${key} (${describeSigned(text)}) moved from ${node} to ${to.node}`;
}

/** Only a first attempt that says so itself certainly left its volume as it was. */
function withTrace(state: SignerRecord, tasks: readonly JobTask[]): SignerRecord {
  const task = tasks.find(({ node }) => node === state.node);
  const isIntact = task?.outcome === 'Failed' && task.attempt === 1 && task.swapped === false;
  return isIntact ? { ...state, intact: true } : state;
}

/**
 * Asked for until it is seen. It is never given up once states have moved: an answer that was lost may have been a yes, and
 * then the keys would be exchanged later, without their states.
 */
function assign(scope: Scope, { source, dest, a, b }: Pair, signers: SignerMove): Move {
  const isLate = scope.now - (millisecondsOf(signers.since) ?? scope.now) > DEADLINE.exchange;
  if (isLate && !movesStates(signers))
    return fail(scope, {
      reason: 'DeadlineExceeded',
      message: 'the exchange could not be written within 10 minutes; nothing was exchanged',
      unsafe: false,
    });
  const assignments = [
    { node: source.node, identity: b },
    { node: dest.node, identity: a },
  ];
  const late = isLate ? ', for more than 10 minutes by now: is the controller allowed to write its memory?' : '';
  return stay(scope, `exchanges the identities of ${source.node} and ${dest.node}${late}`, {
    effects: [{ do: 'setIdentities', assignments, because: `Switchover of ${source.node} and ${dest.node}` }],
  });
}

function undo(scope: Scope, { states, trouble }: SignerMove): Move {
  const [first, second] = states;
  const { reason, message } = trouble ?? { reason: 'WorkFailed', message: 'the exchange failed' };
  const tasks = states
    .filter(({ intact }) => intact !== true)
    .map((state) => ({ state, step: 'undo' as const, from: state === first ? second : first }));
  const steps = runSignerTasks(scope, tasks);
  if (!steps.ended) return steps.move;
  const bad = failedOf(steps.tasks);
  if (bad === undefined)
    return fail(scope, { reason, message: `${message}; both nodes have their own signer state again`, unsafe: false });
  return fail(scope, {
    reason: 'SignerStateLost',
    message: `${message}; and it could not be taken back: ${bad.message}`,
    unsafe: true,
  });
}
