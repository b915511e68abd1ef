// The guards that can hold an action of a plan. A guard's name is also the reason of the Event.

import { defineCodes } from './codes.ts';

const APPROVE = 'Undo the change, or add the digest of the held actions to `spec.approvals` in `fleet.yaml`.';

/** These say that the branch or its folder as a whole is not what it was: nothing that the tree lacks was removed on purpose. */
const BRANCH_GUARDS = defineCodes({
  MemoryLost: {
    meaning:
      'The controller lost its memory in the cluster. Until a revision is applied, deletions and starts of signing keys are held.',
    action: `Make sure that the branch is the right one, and that no key signs elsewhere. Then: ${APPROVE}`,
  },
  Rewound: { meaning: 'The branch was moved back behind the last applied commit.', action: APPROVE },
  Rewritten: { meaning: 'The branch no longer contains the last applied commit.', action: APPROVE },
  MissingPath: { meaning: 'The folder `nodes/` is gone while the cluster still has nodes.', action: APPROVE },
  EmptyTree: { meaning: 'No file declares a node while the cluster still has nodes.', action: APPROVE },
});

export const GUARDS = defineCodes({
  OtherCluster: {
    meaning:
      'Another cluster works under the same executor name, by the word of the status branch, and this one has never reported there. It applies nothing, begins no job and starts no signing key.',
    action:
      'Give one of the two clusters an executor name of its own. If the other cluster is gone for good, approve the digest that the message shows.',
  },
  Suspended: {
    meaning: 'The Fleet, the folder of the file, or the node is suspended.',
    action: 'Remove `spec.suspend` or the entry in `spec.suspendFolders` when the change may be carried out.',
  },
  IdentitySwap: {
    meaning: 'Two or more nodes exchange their signing keys, which no order of restarts can do safely.',
    action:
      'For two nodes, wait: the controller carries it out as a Switchover; when that has failed, the message says what to do. Otherwise file Switchovers of two nodes.',
  },
  IdentityInUse: {
    meaning: 'Another node still uses the signing key.',
    action: 'Wait: the action continues when the other node is gone or has another identity.',
  },
  KeyReserved: {
    meaning: 'Another executor has reserved the signing key. The message has its node and since when.',
    action:
      'Stop the node of the other executor and wait. If that executor is gone for good, approve the digest that the message shows.',
  },
  VolumeShrink: {
    meaning: 'The change makes a volume smaller, removes it, or moves it to another storage class.',
    action:
      'Undo the change. To move the data, create a new node and restore a Backup into it. A size that was edited in the cluster cannot be undone there: the message says what to do.',
  },
  VolumeCannotGrow: {
    meaning: 'The change makes a volume larger whose StorageClass has no `allowVolumeExpansion`.',
    action:
      'Undo the change. Or set `allowVolumeExpansion: true` in the StorageClass, if its driver can do it: the controller looks every five minutes.',
  },
  IdentityOfData: {
    meaning:
      'The volume holds data of another chain, network, client or node type. Also a volume that an earlier node of the name left behind.',
    action: `For another chain or network, create a node of another name, or delete the volume that was left behind. For another client or an archive: ${APPROVE}`,
  },
  SignerState: {
    meaning: 'The record of what the signing key has signed does not move with the key.',
    action: `Make sure that the key cannot sign a height twice. Then: ${APPROVE}`,
  },
  SignerVolumeLost: {
    meaning:
      'A volume on which the signing key of the node kept the record of what it signed is gone or was replaced. The node stays stopped.',
    action: `Make sure that the key cannot sign a height twice: restore the volume, or wait until the chain is far past its last height. Then: ${APPROVE}`,
  },
  VolumeTerminating: {
    meaning:
      'A PVC of the node was deleted by hand. Its data is lost when the pod ends, and the change would end the pod.',
    action: `Copy the data first: a Backup with \`action: Direct\`, or set \`spec.persistentVolumeReclaimPolicy\` of its PersistentVolume to \`Retain\`. Then: ${APPROVE}`,
  },
  NotOurs: {
    meaning:
      'A node of this name exists in the cluster and does not come from this repository or executor, or an executor of the same cluster, from which it moves, has not deleted it yet.',
    action:
      'Choose another name, or approve to take the node over. A node that moves is created when the old executor has deleted it.',
  },
  PolicyException: {
    meaning: 'The change makes the node break a rule that the policy waives, such as `HostNetwork`.',
    action: `Make sure that the node needs it. Then: ${APPROVE}`,
  },
  ...BRANCH_GUARDS,
  UnreadableFile: {
    meaning: 'A file that cannot be read may declare the node under a new path.',
    action: `Correct the file. Otherwise: ${APPROVE}`,
  },
  Protected: { meaning: 'The node has `protect: true`.', action: APPROVE },
  DeletionBudget: {
    meaning: 'The commit deletes more nodes at once than `spec.guards` in `fleet.yaml` allows.',
    action: APPROVE,
  },
});

export type GuardName = keyof typeof GUARDS;

/** Whether the guard speaks of the branch as a whole, not of one node. */
export function isBranchGuard(guard: GuardName): boolean {
  return Object.hasOwn(BRANCH_GUARDS, guard);
}
