// Whether an exchange has got to where keys and what they have signed may lie on different volumes.

import type { SignerMove } from '../../api/job-status.ts';
import { describeSigned, NO_FILE } from './signer-state.ts';

/**
 * Why the nodes must not be started while the exchange stands where it does; undefined while nothing was written. Names
 * what each node's own key had signed, so that an administrator can set it right even when the request is lost.
 */
export function whyKeysAtRisk(signers: SignerMove | undefined): string | undefined {
  if (signers === undefined || signers.step === 'read' || !movesStates(signers)) return undefined;
  const own = signers.states.map(({ node, text }) => `the first key of ${node}: ${describeSigned(text)}`);
  return `its keys and what they have signed may lie on different volumes (${own.join('; ')})`;
}

/** False where the chain has no signer state, or no key has signed yet. */
export function movesStates({ states }: Pick<SignerMove, 'states'>): boolean {
  return states.some(({ text = NO_FILE }) => text !== NO_FILE);
}

/** What makes it safe to start the nodes again: no other kind of job knows what a key has signed. */
export const REPAIR_KEYS =
  'make sure that each volume has the signer state of the key that its node will use (what was read is in status.signers), then release them';
