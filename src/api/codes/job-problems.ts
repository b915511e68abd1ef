// The problems of job requests and schedules.

import { defineCodes } from './codes.ts';

export const JOB_PROBLEMS = defineCodes({
  UnknownNode: {
    meaning: 'No file declares the node that the request names.',
    action: 'Correct the name, or add the node.',
  },
  ManagedNode: {
    meaning: 'The request names a managed node with another `deployMethod`.',
    action: 'Use `deployMethod: managed`.',
  },
  NodeSuspended: {
    meaning: 'The node is suspended, so the job waits.',
    action: 'Remove `spec.suspend` of the node when the job may begin.',
  },
  OtherExecutor: {
    meaning: 'The node belongs to another executor than the request.',
    action: 'Set `spec.executor` to that of the node. A request that has run already can stay as it is.',
  },
  NotSupported: {
    meaning: 'The client, chain or controller does not support what the file asks for. The message gives the reason.',
    action: 'Remove it, or choose what the message names.',
  },
  OneOf: { meaning: 'Exactly one of the fields must be set.', action: 'Keep one.' },
  WrongChain: {
    meaning:
      'The node does not belong to the chain that the request names, or to the chain of the backup that it names.',
    action: 'Correct the name.',
  },
  WrongClient: {
    meaning:
      'The node runs another client than the node of the copy, and neither client opens the database of the other.',
    action: 'Restore a copy of a node with the same client, unless the copy was made before the client was changed.',
  },
  SameNode: { meaning: 'Source and destination are the same node.', action: 'Name two nodes.' },
  NoIdentity: { meaning: 'The node has no signing identity to exchange.', action: 'Name a node with `spec.identity`.' },
  UnknownSource: {
    meaning: 'No request and no file of the repository makes the Backup or Snapshot. It may exist in the cluster.',
    action: 'Check the name.',
  },
  SourceRemoved: {
    meaning: 'The data of the Backup or Snapshot was removed, by its record on the status branch (`--status-from`).',
    action: 'Name a Backup or Snapshot that still has its data.',
  },
  DirectRestore: {
    meaning:
      'The restore writes into the volume of a node that must be stopped already. The job is refused while the node runs.',
    action: 'Stop the node first, or use `action: StopAndStart`.',
  },
  LiveCopy: {
    meaning: 'The job copies a running node, so its databases may not open after a restore.',
    action: 'Use `action: StopAndStart`, or stop the node first.',
  },
  ImageNotUsed: {
    meaning: 'The kind of job does not run this image. The image of the controller does the work.',
    action: 'Remove it.',
  },
  InvalidSchedule: { meaning: 'The cron expression is not valid, or never matches.', action: 'Correct it.' },
  InvalidTimeZone: {
    meaning: 'The time zone is not in the IANA database.',
    action: 'Write a name such as `Europe/Berlin`.',
  },
});
