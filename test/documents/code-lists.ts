// Every list of codes that operators may meet, in the order of the page. A new list is one line here.

import { CONTROLLER_REASONS } from '../../src/api/codes/controller-reasons.ts';
import { DOCUMENT_PROBLEMS } from '../../src/api/codes/document-problems.ts';
import { FILE_PROBLEMS } from '../../src/api/codes/file-problems.ts';
import { GUARDS } from '../../src/api/codes/guards.ts';
import { JOB_PROBLEMS } from '../../src/api/codes/job-problems.ts';
import { JOB_REASONS } from '../../src/api/codes/job-reasons.ts';
import { NODE_PROBLEMS } from '../../src/api/codes/node-problems.ts';
import { NODE_REASONS } from '../../src/api/codes/node-reasons.ts';
import { POLICY_RULES } from '../../src/api/codes/policy-rules.ts';
import { UPGRADE_REASONS } from '../../src/api/codes/upgrade-reasons.ts';
import { SYNC_STATES } from '../../src/api/codes/sync-states.ts';
import type { CodeDoc } from '../../src/lib/codes.ts';
import { GIT_CODES, KUBE_CODES } from '../../src/lib/error-codes.ts';

export interface CodeList {
  readonly title: string;
  /** Where a person meets these codes. */
  readonly where: string;
  readonly codes: Readonly<Record<string, CodeDoc>>;
}

const IN_FILES = 'In `validate`, as a comment on the pull request, and in `problems` of `sync.yaml`.';
const IN_LOGS = "In the controller's log, and in `sync.yaml`.";
const IN_JOBS = 'In the status and the record of the job.';

export const CODE_LISTS: readonly CodeList[] = [
  { title: 'States of the fleet', where: 'In `sync.yaml` and in the README of the status branch.', codes: SYNC_STATES },
  { title: 'Guards: why an action is held', where: 'In the plan, `sync.yaml` and Events of the node.', codes: GUARDS },
  { title: 'Reasons of a node', where: 'In the conditions of a node and its file.', codes: NODE_REASONS },
  { title: 'Problems of a file', where: IN_FILES, codes: FILE_PROBLEMS },
  { title: 'Problems of a document', where: IN_FILES, codes: DOCUMENT_PROBLEMS },
  { title: 'Problems of a node', where: IN_FILES, codes: NODE_PROBLEMS },
  { title: 'Problems of a job request or schedule', where: IN_FILES, codes: JOB_PROBLEMS },
  {
    title: 'Rules of the policy',
    where: `${IN_FILES} For a node in the cluster, in the message of its condition.`,
    codes: POLICY_RULES,
  },
  { title: 'Errors of the Git server', where: IN_LOGS, codes: GIT_CODES },
  { title: 'Errors of the API server', where: IN_LOGS, codes: KUBE_CODES },
  {
    title: 'Reasons of the controller',
    where: "In Events about the controller's Lease, and in `nodewright status`.",
    codes: CONTROLLER_REASONS,
  },
  {
    title: 'Upgrades of the controller',
    where: 'In `sync.yaml`, `nodewright status`, the log, and Events of the Deployment of the controller.',
    codes: UPGRADE_REASONS,
  },
  { title: 'Reasons of a job', where: IN_JOBS, codes: JOB_REASONS },
];
