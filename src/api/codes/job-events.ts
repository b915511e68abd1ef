// Reasons of Events about a job that are no failure of it.

import { defineCodes } from './codes.ts';

const NONE = 'None: the job continues.';

export const JOB_EVENTS = defineCodes({
  NotFromGit: {
    meaning: 'The object was made by hand or by another program. No file in Git asks for it, so nothing is done.',
    action: 'Commit the request as a file in `jobs/`, and delete the object.',
  },
  StatusChanged: {
    meaning:
      'The status of the job is not the one that the controller stored. It is put back, and nothing is done by it. Without a kept one, after a loss of the memory, the job does nothing more.',
    action:
      'Find out who may write the status of jobs. Where the Event says that the job does nothing more, put the status back, or delete the object of the job: its nodes are started again, unless that is unsafe.',
  },
  Verified: { meaning: 'The result of the work is proven.', action: NONE },
  Released: { meaning: 'The nodes that the job left paused were released by an annotation in Git.', action: NONE },
});
