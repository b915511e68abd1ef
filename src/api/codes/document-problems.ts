// The problems of any document, of fleet.yaml and of patches.

import { defineCodes } from './codes.ts';

export const DOCUMENT_PROBLEMS = defineCodes({
  UnknownKind: {
    meaning: 'The kind is not one that is read from this folder.',
    action: 'Correct the kind, or move the file.',
  },
  WrongFolder: { meaning: 'The kind belongs in another folder.', action: 'Move the file.' },
  WrongApiVersion: {
    meaning: 'The `apiVersion` is not the one of the kind.',
    action: 'Write the `apiVersion` that the message names.',
  },
  MissingField: { meaning: 'A required field is absent.', action: 'Add it.' },
  UnknownField: { meaning: 'The schema has no such field.', action: 'Correct the name, or remove the field.' },
  WrongType: {
    meaning: 'The value has another type than the field.',
    action: 'Write a value of the type that the message names.',
  },
  InvalidValue: {
    meaning: 'The value is outside what the field accepts.',
    action: 'Choose a value that the message names.',
  },
  InvalidName: { meaning: 'The name is not a valid key of this object.', action: 'Rename it as the message says.' },
  ForbiddenField: { meaning: 'The field is written by the controller.', action: 'Remove it.' },
  ForbiddenMetadata: {
    meaning: 'The label, annotation or metadata field belongs to the API server or the controller.',
    action: 'Remove it.',
  },
  UnusedMetadata: {
    meaning: 'The field of `metadata` has no effect on this kind, such as labels on a Fleet.',
    action: 'Remove it.',
  },
  ForbiddenNamespace: { meaning: 'The namespace belongs to Kubernetes itself.', action: 'Choose another namespace.' },
  AnnotationsTooLarge: {
    meaning: 'The annotations are larger together than an object may carry.',
    action: 'Shorten them.',
  },
  VersionNotAllowed: {
    meaning:
      'The controller may not change its own version, or its policy does not allow the version that `fleet.yaml` names.',
    action:
      'Upgrade with the chart; or set `selfUpdate.enabled` in its values, and let `selfUpdate` of the policy allow the version.',
  },
  DuplicateNode: {
    meaning:
      'Two documents declare the same node, or a request names a node twice. Of two documents both are refused, and the node keeps its last good state.',
    action: 'Keep one.',
  },
  DuplicateRequest: {
    meaning: 'Two documents declare the same job request. Both are refused.',
    action: 'Give one of them another name.',
  },
  NameOfRun: {
    meaning: 'A request has a name that a schedule of its namespace gives to its runs. That run could not be filed.',
    action: 'Rename the request, or remove its file if it has run.',
  },
  DuplicateSchedule: {
    meaning: 'Two documents declare the same schedule. Both are refused.',
    action: 'Give one of them another name.',
  },
  ServiceNameTaken: { meaning: 'Another node has a Service of this name.', action: 'Rename the node.' },
  SharedIdentity: {
    meaning:
      'Two nodes sign with the same Secret. All of them are refused, because two signers with one key are slashed.',
    action: 'Give each node its own Secret.',
  },
  NoFleet: {
    meaning: 'There is no Fleet, so defaults and guards have their default values.',
    action: 'Add a Fleet to `fleet.yaml`.',
  },
  NotOnePolicy: {
    meaning: 'The file that was given as the policy holds no Policy, or more than one.',
    action: 'Write exactly one document of `kind: Policy`.',
  },
  DuplicateExecutor: { meaning: '`fleet.yaml` lists an executor twice.', action: 'Remove one of the entries.' },
  DuplicatePatch: {
    meaning: 'Two FleetPatches have one name. Both apply, in the order of their files.',
    action: 'Give one of them another name.',
  },
  UnmatchedFolder: {
    meaning: 'An entry of `spec.suspendFolders` has no file of a node: it suspends nothing.',
    action: 'Correct the path, which begins with `nodes/`, or remove the entry.',
  },
  UnmatchedPatch: {
    meaning: 'A FleetPatch matches no node, or names one that there is not: it changes nothing there.',
    action: 'Correct `spec.match`, or remove the patch or the name.',
  },
  DuplicateFleet: { meaning: '`fleet.yaml` holds more than one Fleet.', action: 'Keep one.' },
  FleetBroken: {
    meaning:
      '`fleet.yaml` has an error. No node is changed or deleted until it is corrected, because defaults and guards are unknown.',
    action: 'Correct the other errors of the file.',
  },
  BaseBroken: {
    meaning:
      'The older revision that a plan compares with has an error. The plan takes the last good state of what it breaks, as controllers keep it.',
    action:
      'Nothing where the newer revision corrects it. Otherwise correct the error first, or compare with the cluster.',
  },
  SuspendedNodes: {
    meaning:
      'In a plan: nodes are suspended, so that what was changed of them by hand is not compared, or their suspension ends, so that it is put back.',
    action: 'Expect that pods restart when a suspension ends: look for changes by hand first.',
  },
  OutsideCapabilities: {
    meaning:
      'The controller that owns the node does not support what the node asks for, by the `capabilities.yaml` that it published.',
    action: 'Choose what the message lists, another executor, or upgrade the controller.',
  },
  UnusedApproval: {
    meaning: 'An approval in `spec.approvals` of the Fleet releases nothing.',
    action: 'Correct its digest, or remove it: its actions are done, or have changed since.',
  },
  ApprovalUnknown: {
    meaning:
      'Between two revisions nothing is held that an approval in `spec.approvals` of the Fleet releases, and whether a controller holds it was not read.',
    action: 'Plan with `--status-from`, which reads what the controllers hold.',
  },
  ApprovalCarriedOut: {
    meaning: 'All that an approval in `spec.approvals` of the Fleet released was carried out.',
    action: 'Remove it: while it stays, it releases the same actions again.',
  },
  UnknownExecutor: {
    meaning: 'The executor is not in `spec.executors` of the Fleet.',
    action: 'Correct the name, or add the executor.',
  },
  PatchFileBroken: {
    meaning: 'A FleetPatch has an error. The nodes that it matches keep their last good state.',
    action: 'Correct the patch.',
  },
  PatchFailed: {
    meaning: 'An operation of a JSON patch does not apply.',
    action: 'Correct the patch, or narrow what it matches.',
  },
});
