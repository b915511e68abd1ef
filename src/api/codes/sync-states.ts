// The states of a fleet in `sync.yaml`: whether the cluster is as the latest commit declares.

import { defineCodes } from './codes.ts';

export const SYNC_STATES = defineCodes({
  Synced: {
    meaning: 'The latest commit is applied, and the API server accepted every object of it.',
    action: 'No action is needed.',
  },
  Progressing: { meaning: 'The latest commit is being applied.', action: 'Wait: no action is needed.' },
  Held: {
    meaning: 'A guard holds actions of the latest commit, or the signatures of its commits are not accepted.',
    action: 'Read the summary and the held actions: each names what releases it.',
  },
  Suspended: {
    meaning: '`spec.suspend` in `fleet.yaml` suspends the fleet: nothing is changed.',
    action: 'Remove `spec.suspend` to continue.',
  },
  Degraded: {
    meaning: 'A file has an error, the API server refused an object, or Git or the API server does not answer.',
    action: 'Follow the summary and the problems; everything else is applied.',
  },
  Waiting: { meaning: 'The controller has not read a commit yet.', action: 'Wait. If this lasts, read its log.' },
});

export type SyncState = keyof typeof SYNC_STATES;
