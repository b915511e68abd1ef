// The controller runs the version that fleet.yaml names: begins an upgrade, and follows the one under way.

import { isFulfilled, refusalOf, type Refusal, requestOf, rulesOf, type UpgradeRequest } from '../../upgrade/target.ts';
import { isUnderWay, type UpgradeState } from '../../upgrade/state.ts';
import type { UpgradeView } from '../../status/fleet-view.ts';
import { stableJson } from '../../lib/stable-json.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import { announceState, failedText } from './announce.ts';
import { checkImage } from './check-image.ts';
import { clearState, type OwnDeployment } from './deployment.ts';
import type { UpgradeDeps } from './deps.ts';
import { hasChanged, POLL_MS, type Step, type Upgrader } from './upgrader.ts';

/** A version that the registry does not have yet may come. */
const REGISTRY_MS = 60_000;

/** No version has such a name. */
const NOT_YET = '?';

/** Runs in the leader alone. Makes no request for a version that was dealt with. */
export async function reconcileUpgrade(deps: UpgradeDeps, signal: AbortSignal): Promise<ReconcileResult> {
  const { upgrader } = deps;
  if (upgrader === undefined) return DONE;
  const request = currentRequest(deps);
  if (deps.upgrade.settled !== undefined && (request === 'unknown' || deps.upgrade.settled === idOf(request)))
    return DONE;
  try {
    const step = await upgrader.step({ leads: true, isSynced: deps.fleet.isSynced });
    if (step === undefined) return DONE;
    return await follow({ step, request, upgrader }, deps, signal);
  } catch (error) {
    if (!hasChanged(error)) throw error;
    return again(POLL_MS);
  }
}

interface Following {
  readonly step: Step;
  readonly request: UpgradeRequest | 'unknown' | undefined;
  readonly upgrader: Upgrader;
}

async function follow(
  { step, request, upgrader }: Following,
  deps: UpgradeDeps,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { move, live } = step;
  const state = move.do === 'write' ? move.state : live.state;
  if (isUnderWay(state) || move.do === 'write') {
    show(viewOf(state), deps);
    return again(POLL_MS);
  }
  if (move.do !== 'work') return again(POLL_MS);
  if (request === 'unknown') {
    // Nothing is known of the branch yet, or it must not be followed: what the last upgrade ended with is still true.
    deps.upgrade.settled = NOT_YET;
    show(viewOf(state), deps);
    return DONE;
  }
  return await begin({ live, request, upgrader }, deps, signal);
}

/**
 * Undefined: fleet.yaml names no version. `unknown`: there is no valid fleet.yaml to follow now, or the branch was moved back
 * and its changes are held.
 */
function currentRequest({ fleet, settings, suspensions }: UpgradeDeps): UpgradeRequest | 'unknown' | undefined {
  const { pulled, appliedRevision } = fleet;
  if (pulled === undefined || pulled.desired.fleetBroken || suspensions.ofFleet() !== undefined) return 'unknown';
  const isMoved = pulled.ancestry === 'rewound' || pulled.ancestry === 'rewritten';
  if (isMoved && appliedRevision !== pulled.revision) return 'unknown';
  return requestOf(pulled.desired.fleet, settings.executor);
}

function idOf(request: UpgradeRequest | undefined): string {
  return request?.id ?? '';
}

interface Beginning {
  readonly live: OwnDeployment;
  readonly request: UpgradeRequest | undefined;
  readonly upgrader: Upgrader;
}

async function begin(beginning: Beginning, deps: UpgradeDeps, signal: AbortSignal): Promise<ReconcileResult> {
  const { live, request, upgrader } = beginning;
  const { options, cluster } = upgrader.deps;
  const { state } = live;
  if (state !== undefined && state.request !== idOf(request)) {
    await clearState(cluster, live);
    return again(0);
  }
  const rules = rulesOf(deps.settings.policy);
  if (request === undefined || isFulfilled(live.image, request, rules)) return settle(request, undefined, deps);
  if (state?.phase === 'Failed') {
    // A process that was killed after the write did not announce it.
    announceState(live.object, state, upgrader.deps);
    return settle(request, viewOf(state), deps);
  }
  const refusal = refusalOf(request, rules);
  if (refusal !== undefined) return settle(request, refusedView(request, refusal), deps);
  const checked = await checkImage(request, options, signal);
  if ('reason' in checked) return refuse(checked, beginning, deps);
  if (checked.image === live.image) return settle(request, undefined, deps);
  const started = startOf(checked.image, beginning, deps);
  await upgrader.write(live, { state: started, image: checked.image });
  show(viewOf(started), deps);
  return again(POLL_MS);
}

function startOf(to: string, { live, request, upgrader }: Beginning, { runtime, settings }: UpgradeDeps): UpgradeState {
  const now = runtime.now();
  return {
    executor: settings.executor,
    request: idOf(request),
    version: request?.version ?? '',
    from: live.image,
    to,
    phase: 'Rolling',
    startedAt: now,
    deadlineAt: now + upgrader.deps.options.deadlineMs,
  };
}

/** Said once; the registry is asked again, because an image can still be pushed. */
function refuse(refusal: Refusal, { live, request }: Beginning, deps: UpgradeDeps): ReconcileResult {
  const { runtime, events } = deps;
  const { reason, message } = refusal;
  if (request !== undefined && show(refusedView(request, refusal), deps)) {
    runtime.log.warn({ version: request.version, reason, message }, 'Not upgrading the controller');
    if (reason !== 'VersionNotAllowed') events.emit({ about: live.object, type: 'Warning', reason, message });
  }
  return again(REGISTRY_MS);
}

function settle(
  request: UpgradeRequest | undefined,
  view: UpgradeView | undefined,
  deps: UpgradeDeps,
): ReconcileResult {
  deps.upgrade.settled = idOf(request);
  show(view, deps);
  return DONE;
}

/** Whether it differs from what was shown. */
function show(view: UpgradeView | undefined, { upgrade, notify, runtime }: UpgradeDeps): boolean {
  runtime.telemetry.upgradeFailing(view !== undefined && !view.isUnderWay);
  if (stableJson(view ?? null) === stableJson(upgrade.view ?? null)) return false;
  upgrade.view = view;
  notify('UpgradeChanged', {});
  return true;
}

function viewOf(state: UpgradeState | undefined): UpgradeView | undefined {
  if (state === undefined || state.phase === 'Complete') return undefined;
  const { version, phase, from, to, reason } = state;
  const isFailed = phase === 'Failed';
  const message = isFailed ? failedText(state) : `From ${from} to ${to}.`;
  return { version, state: phase, isUnderWay: !isFailed, message, ...(reason === undefined ? {} : { reason }) };
}

function refusedView({ version }: UpgradeRequest, { reason, message }: Refusal): UpgradeView {
  return { version, state: 'Refused', isUnderWay: false, reason, message };
}
