// The state machine of an upgrade: what one process does next. Old and new version run the same code, at any moment.

import type { Failure } from './rollout.ts';
import { isUnderWay, type UpgradeState } from './state.ts';

export interface Scene {
  /** The image of this process. */
  readonly image: string;
  /** Whether this process holds the Lease. */
  readonly leads: boolean;
  /** Whether its first sync has ended; only of a leader. */
  readonly isSynced: boolean;
  readonly deployment: {
    readonly image: string;
    readonly state: UpgradeState | undefined;
    /** The pods are those of its template, and were ready for long enough. */
    readonly isRolledOut: boolean;
  };
  /** Of the version that is tried. */
  readonly failure: Failure | undefined;
}

export type Move =
  /** Nothing to do: a leader works, one without the Lease competes for it. */
  | { readonly do: 'work' }
  /** Stay out of the competition for the Lease, and decide again soon. */
  | { readonly do: 'stand by' }
  /** End the work and give the Lease back; then stand by. */
  | { readonly do: 'hand over' }
  /** One write of the Deployment that fails when state or image changed in between; then decide again. */
  | { readonly do: 'write'; readonly state: UpgradeState; readonly image?: string };

const WORK: Move = { do: 'work' };
const STAND_BY: Move = { do: 'stand by' };

/**
 * Each move is one atomic write or none, so a process can be killed between any two of them: the next decision starts from
 * what was stored. While an upgrade is under way Kubernetes keeps a pod of both versions (rolling update, nothing
 * unavailable, ready for `minReadySeconds`), so a killed process comes back with the image that it had.
 */
export function decide(scene: Scene): Move {
  const { state, image } = scene.deployment;
  if (!isUnderWay(state)) return isLeftOver(scene) ? leave(scene) : WORK;
  if (image !== state.to) return write(state, 'Failed', superseded(image));
  if (scene.failure !== undefined) return { ...write(state, 'Failed', scene.failure), image: state.from };
  if (scene.image === state.to) return moveOfNew(scene, state);
  return scene.image === state.from ? moveOfOld(scene, state) : WORK;
}

/** It was taken back, and this pod waits for its end. */
function isLeftOver({ image, deployment: { state, ...live } }: Scene): boolean {
  return state?.phase === 'Failed' && image === state.to && live.image !== image;
}

function moveOfNew({ leads, isSynced, deployment }: Scene, state: UpgradeState): Move {
  if (!leads) return state.phase === 'Rolling' ? write(state, 'Standby') : WORK;
  if (state.phase !== 'Leading') return write(state, 'Leading');
  return isSynced && deployment.isRolledOut ? write(state, 'Complete') : WORK;
}

function moveOfOld(scene: Scene, { phase }: UpgradeState): Move {
  return phase === 'Rolling' ? WORK : leave(scene);
}

function leave({ leads }: Scene): Move {
  return leads ? { do: 'hand over' } : STAND_BY;
}

function write(state: UpgradeState, phase: UpgradeState['phase'], why?: Failure): Extract<Move, { do: 'write' }> {
  return { do: 'write', state: { ...state, phase, ...why } };
}

function superseded(image: string): Failure {
  return { reason: 'UpgradeSuperseded', message: `the Deployment has the image ${image.slice(0, 300)}` };
}
