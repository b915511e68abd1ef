// Per role: container, client's facts and verdict → status.roles.

import type { RoleStatus } from '../api/blockchain-node.ts';
import type { RoleFacts } from '../chains/observed.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { defined } from '../lib/defined.ts';
import { redactedLine } from '../lib/redact.ts';
import type { RoleVerdict } from './role-view.ts';
import type { Observation } from './observation.ts';
import type { ContainerView, PodView } from './pod-view.ts';
import { timestamp } from '../lib/timestamp.ts';
import { roleViews } from './role-views.ts';

/** `verdicts` holds the roles whose container runs. */
export function roleStatuses(
  observation: Observation,
  pod: PodView | undefined,
  verdicts: ReadonlyMap<string, RoleVerdict>,
): RoleStatus[] {
  const unasked = observation.unlabelledPod === undefined ? undefined : UNASKED;
  return roleViews(observation, pod).map(({ role, container, facts, previous }) => {
    const verdict = verdicts.get(role);
    return {
      name: role,
      ...defined({ client: observation.node.spec.clients[role]?.name }),
      state: verdict?.state ?? (unasked === undefined ? idleState(container?.state, pod) : 'Error'),
      ...figuresOf(verdict, facts, previous),
      ...(container === undefined ? {} : containerFields(container)),
      ...(verdict === undefined || verdict.reason === 'Running'
        ? unasked
        : { reason: verdict.reason, message: verdict.message }),
    };
  });
}

/** Of a client in a pod that is not known by its label. */
const UNASKED = {
  reason: 'PodUnlabelled',
  message: 'It is in a pod without the labels of the node, and is not asked.',
} as const;

function containerFields({ image, restartCount }: ContainerView): Pick<RoleStatus, 'image' | 'restarts'> {
  return { ...(image === '' ? {} : { image: cleanLine(image, 512) }), restarts: restartCount };
}

type Figures = Pick<RoleStatus, 'height' | 'target' | 'headTime' | 'peers' | 'progress' | 'version'>;

function figuresOf(
  verdict: RoleVerdict | undefined,
  facts: RoleFacts | undefined,
  previous: RoleStatus | undefined,
): Figures {
  if (verdict === undefined) return {};
  if (verdict.keepsFigures && previous !== undefined) {
    const { height, target, headTime, peers, progress, version } = previous;
    return defined({ height, target, headTime, peers, progress, version });
  }
  if (facts?.reach !== 'answering') return {};
  return defined({
    height: whole(facts.height),
    target: whole(facts.target),
    headTime: headTimeOf(facts),
    peers: whole(facts.peers),
    progress: facts.progress === undefined ? undefined : percent(facts.progress),
    version: facts.version === undefined ? undefined : redactedLine(facts.version, 128),
  });
}

/** Years 1970 to 9999; a client that says otherwise says nothing. */
function headTimeOf({ headTime }: RoleFacts): string | undefined {
  return headTime === undefined || !(headTime >= 0 && headTime < 253_402_300_800)
    ? undefined
    : timestamp(headTime * 1000);
}

function whole(value: number | undefined): number | undefined {
  return value === undefined || !Number.isSafeInteger(value) || value < 0 ? undefined : value;
}

/** Rounded down, so that 99.97 % is never shown as 100. */
function percent(part: number): string {
  return (Math.floor(Math.min(1, Math.max(0, part)) * 1000) / 10).toFixed(1);
}

function idleState(
  state: PodView['status']['containerStatuses'][number]['state'] | undefined,
  pod: PodView | undefined,
): RoleStatus['state'] {
  if (pod === undefined) return 'Stopped';
  if (state?.terminated !== undefined) return 'Error';
  const waiting = state?.waiting?.reason ?? '';
  return waiting === '' || waiting === 'ContainerCreating' || waiting === 'PodInitializing' ? 'Starting' : 'Error';
}
