// What the controller says of itself, in Events about its Lease.

import { defineCodes } from './codes.ts';

export const CONTROLLER_REASONS = defineCodes({
  StatusPushFailed: {
    meaning: 'The status branch cannot be written. The nodes are reconciled all the same; no job begins.',
    action: 'Follow the words of the Git server in the message. The push is tried again.',
  },
  StatusPushed: { meaning: 'The status branch can be written again.', action: 'No action is needed.' },
});

export type ControllerReason = keyof typeof CONTROLLER_REASONS;
