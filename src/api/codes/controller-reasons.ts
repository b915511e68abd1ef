// What the controller says of itself, in Events about its Lease.

import { defineCodes } from './codes.ts';

export const CONTROLLER_REASONS = defineCodes({
  StatusPushFailed: {
    meaning: 'The status branch cannot be written. The nodes are reconciled all the same; no job begins.',
    action: 'Follow the words of the Git server in the message. The push is tried again.',
  },
  DesiredReadFailed: {
    meaning:
      'The desired branch cannot be read. The nodes run on with the last commit that was read, and what is merged has no effect.',
    action: 'Follow the words of the Git server in the message. The branch is asked for again.',
  },
  DesiredRead: { meaning: 'The desired branch can be read again.', action: 'No action is needed.' },
  FilesHaveErrors: {
    meaning:
      'Files of the desired branch have errors. What they declare keeps its last good state; everything else is applied.',
    action:
      'Correct the files at the places in the message, or revert the commit. `nodewright validate` shows all errors.',
  },
  FilesValid: { meaning: 'The files of the desired branch have no error any more.', action: 'No action is needed.' },
  ActionsHeld: {
    meaning: 'Guards hold actions of the plan. `held` of `sync.yaml` has each of them with its reason.',
    action:
      'Undo the change, or review the plan and add the digest in the message to `spec.approvals` in `fleet.yaml`.',
  },
  NothingHeld: { meaning: 'No action of the plan is held any more.', action: 'No action is needed.' },
  ActionsFailed: {
    meaning:
      'Nodes could not be created, changed or deleted as Git asks, most often because an admission policy or a quota refuses their objects. The actions are tried again.',
    action:
      'Follow the words of the API server in the message: correct the file, or what refuses the object. `failures` of `sync.yaml` has more of them.',
  },
  ActionsSucceed: { meaning: 'No action of the plan fails any more.', action: 'No action is needed.' },
  ApprovalCarriedOut: {
    meaning: 'All that an approval in `fleet.yaml` released was carried out.',
    action: 'Remove the approval from `spec.approvals`: while it stays, it releases the same actions again.',
  },
  RequestsRefused: {
    meaning: 'Job requests are not carried out. `problems` of `sync.yaml` has each of them with its reason.',
    action: 'Follow the messages. They name the files.',
  },
  RequestsAccepted: { meaning: 'No job request is refused any more.', action: 'No action is needed.' },
  ExecutorNotListed: {
    meaning:
      'The executor of the controller is not in `spec.executors` of the Fleet, so no node or job request belongs to it.',
    action: 'Correct the name with which the controller is started, or add the executor.',
  },
  ExecutorListed: { meaning: 'The executor is in `spec.executors` of the Fleet now.', action: 'No action is needed.' },
  LeaseHeld: {
    meaning:
      'Another process has held the Lease of the controller for longer than one that died could. The controller updates nothing; what runs stays.',
    action:
      'If the holder is no controller of this executor, find out who writes the Lease (audit log of the API server), and take the right to write Leases in that namespace from them.',
  },
  LeaseTaken: { meaning: 'The controller has its Lease now.', action: 'No action is needed.' },
  OtherCluster: {
    meaning:
      'Another cluster works under the same executor name, by the word of the status branch. A cluster that has reported there before begins no job, starts no node with a new signing key and reports under a name of its own; other nodes are reconciled as always. One that has not applies nothing.',
    action:
      'Give one of the two clusters an executor name of its own. If the other cluster is gone for good, approve the digest in the message. If there never was another one, set the field `cluster` in `memory.yaml` back, as the message says.',
  },
  KeyInUse: {
    meaning:
      'A node gave its signing key back, and a pod that can sign with it still runs without the labels of the node. The key stays reserved.',
    action: 'Find out who changed its labels, then delete the pod, or put the labels back.',
  },
  MemoryElsewhere: {
    meaning:
      'What the controller remembers lies in the namespace of the nodes, and the controller has a namespace of its own for it. It does not start.',
    action: 'Move the ConfigMap with the commands in the message.',
  },
  MemoryRepaired: {
    meaning:
      'What the controller remembered of some jobs under way was edited by hand, or is from before an older version worked here. The statuses of their objects count.',
    action: 'Make sure that no one but the controller writes in its namespace.',
  },
  MemoryMadeAgain: {
    meaning:
      'The ConfigMap in which the controller remembers what it applied was deleted while the controller worked. It was written again; nothing of it is lost.',
    action: 'Find out who deletes it, and take the right to do so from them.',
  },
  StatusBranchLost: {
    meaning:
      'The status branch was deleted, moved back or replaced. The controller has written its own folder again; the history, and what only the branch had, is lost from it.',
    action:
      'Find out who did it, and protect the branch against it. A clone that has the commit of the message has the history.',
  },
  StatusPushed: { meaning: 'The status branch can be written again.', action: 'No action is needed.' },
});

export type ControllerReason = keyof typeof CONTROLLER_REASONS;
