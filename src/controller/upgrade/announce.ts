// Says in the log and in an Event of the Deployment what became of an upgrade.

import type { UpgradeReason } from '../../api/codes/upgrade-reasons.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Events } from '../../kube/events.ts';
import type { UpgradeState } from '../../upgrade/state.ts';
import type { Runtime } from '../engine/runtime.ts';

interface Announcing {
  readonly runtime: Pick<Runtime, 'log'>;
  readonly events: Pick<Events, 'emit'>;
}

/** An Event of the same words is written once, however often it is announced. */
export function announceState(about: KubeObject, state: UpgradeState, { runtime: { log }, events }: Announcing): void {
  const { version, from, to, phase, reason, message = '' } = state;
  const facts = { version, from, to, phase };
  const emit = (type: 'Normal' | 'Warning', code: UpgradeReason, text: string): void =>
    events.emit({ about, type, reason: code, message: text });
  switch (phase) {
    case 'Rolling':
      log.info(facts, 'Upgrading the controller');
      emit('Normal', 'UpgradeStarted', `Changing the image from ${from} to ${to}.`);
      break;
    case 'Complete':
      log.info(facts, 'Upgraded the controller');
      emit('Normal', 'UpgradeCompleted', `Version ${version} leads with the image ${to}.`);
      break;
    case 'Failed':
      log.error({ ...facts, reason, message }, 'Taking back the upgrade of the controller');
      emit('Warning', reason ?? 'UpgradeNeverReady', failedText(state));
      break;
    default:
      log.info(facts, 'Upgrade proceeds');
  }
}

/** Of a state that failed. */
export function failedText({ version, from, reason, message = '' }: UpgradeState): string {
  const back = reason === 'UpgradeSuperseded' ? '' : ` ${from} runs again.`;
  return `Version ${version} failed: ${message}.${back}`;
}
