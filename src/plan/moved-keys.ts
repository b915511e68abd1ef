// Keys of a node that have signed elsewhere since the node signed with them.

export interface MovedKeys {
  /** `namespace/name` of the node that signed last, perhaps of another executor; empty text for one that is gone with its volumes. */
  readonly signer: string;
  /** Digests. */
  readonly keys: readonly string[];
  /** The digest of the key that the Secret had before it was edited. */
  readonly replaces?: string;
}

export const RELEASE_OF_START = 'Then add the digest of the held actions to spec.approvals in fleet.yaml.';

export function describeMove({ signer, replaces }: MovedKeys): string {
  if (replaces !== undefined)
    return `its Secret has another key than the one with which the node has signed (${replaces.slice(0, 'sha256:'.length + 12)}), whose record is on its volume. Restore the Secret. Before approving the new key make sure that it has signed nothing above this record, here or elsewhere, and that nothing else signs with it`;
  const where =
    signer === ''
      ? 'on a node that was deleted, and the record of what it signed was deleted with its volumes'
      : `on ${signer}, and the record of what it signed there is not on the volume of this node`;
  return `its key has signed ${where}. Before approving make sure that the key signs no height again: wait until the chain is past its last signature, or restore a Backup made after it`;
}
