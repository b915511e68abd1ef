// Where the two nodes of a Switchover keep what their keys have signed.

import type { SignerRecord } from '../../api/job-status.ts';
import type { Pair } from './exchange-pair.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Scope } from '../model/scope.ts';

/** Where both nodes keep their signer states, by their chain's word; none where the chain has no such file. */
export function signerRecords(
  { observed }: Scope,
  { source, dest }: Pair,
): { readonly states: SignerRecord[] } | Refusal {
  const states: SignerRecord[] = [];
  for (const { node, volumes } of [source, dest]) {
    const answers = observed.targets.get(node)?.answers;
    if (answers === undefined)
      return { refused: true, reason: 'NodeMissing', message: `the chain of ${node} is not known any more` };
    const [first] = answers.signerState;
    if (first === undefined) continue;
    if (!volumes.some(({ name }) => name === first.volume))
      return { refused: true, reason: 'VolumeMissing', message: `${node} has no volume ${first.volume}` };
    const paths = answers.signerState.filter(({ volume }) => volume === first.volume).map(({ path }) => path);
    states.push({ node, volume: first.volume, paths });
  }
  if (states.length === 1)
    return {
      refused: true,
      reason: 'NotSupported',
      message: `only ${states[0]?.node ?? ''} keeps a record of what it has signed; the two can't exchange their keys`,
    };
  return { states };
}
