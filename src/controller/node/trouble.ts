// Why a node could not be applied, for its status.

import type { NodeReason } from '../../api/codes/node-reasons.ts';
import { describeError } from '../../lib/errors.ts';
import { isPassing } from '../engine/refusal.ts';

export interface NodeTrouble {
  readonly reason: NodeReason;
  readonly message: string;
  /** An administrator or author must act: trying again changes nothing. */
  readonly stalled: boolean;
  /** When to reconcile again, where no watch reports the change that would help. */
  readonly retryMs?: number;
  /** A pod that runs must not stay. */
  readonly stopsPod?: boolean;
}

export function stalled(reason: NodeReason, message: string): NodeTrouble {
  return { reason, message, stalled: true };
}

/** An object that the API server did not accept. */
export interface RefusedObject {
  /** `StatefulSet novacula-system/eth-0` */
  readonly object: string;
  readonly error: unknown;
}

/** Objects of a node that the API server refused, after all of them were tried. */
export class ObjectsRefused extends Error {
  readonly trouble: NodeTrouble;

  constructor(refused: readonly RefusedObject[]) {
    const words = refused.map(({ object, error }) => `The API server refused ${object}: ${describeError(error)}`);
    super(words.join('; '));
    this.name = 'ObjectsRefused';
    const isStalled = refused.some(({ error }) => !isPassing(error));
    const message = `${this.message}. Correct the node or the rule that refuses it; it is applied again after a pause.`;
    this.trouble = { reason: 'ObjectRefused', message, stalled: isStalled };
  }
}

/** The API server could not be reached, or something unexpected failed. */
export function failedTrouble(error: unknown): NodeTrouble {
  return {
    reason: 'ApplyFailed',
    message: `${describeError(error)}. It is tried again after a pause.`,
    stalled: false,
  };
}
