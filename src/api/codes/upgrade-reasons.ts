// What becomes of the version that fleet.yaml names: why it is not tried, why it was taken back, and how it ended.

import { defineCodes } from './codes.ts';

const RETRY =
  'Correct it, then change `spec.controller` in `fleet.yaml`: raise `attempt` to try the same version again.';
const RETRIED = 'Correct it: the registry is asked again by itself.';

/** The version is not tried: nothing was changed. */
export const UPGRADE_REFUSALS = defineCodes({
  UpgradeTagMissing: {
    meaning: 'The registry has no such tag or digest in the repository that the policy allows.',
    action: `Push the image, or correct the version. ${RETRIED}`,
  },
  UpgradeRegistryDenied: {
    meaning: 'The registry does not accept the credentials, or they may not read the repository.',
    action: `Correct the Secret in \`imagePullSecrets\` of the chart. ${RETRIED}`,
  },
  UpgradeRegistryFailed: {
    meaning: 'The registry cannot be reached, or its answer cannot be used.',
    action: `Check address, proxy, certificate and \`selfUpdate.registry\` of the chart. ${RETRIED}`,
  },
  UpgradePlatformMissing: {
    meaning: 'The image is not built for the platform of the running controller.',
    action: `Push an image that has it. ${RETRIED}`,
  },
  UpgradeStateUnreadable: {
    meaning:
      'The version cannot read the state that this controller stored, or its image does not say what it can read.',
    action: 'Name a newer version. A version from before self-update is installed with the chart.',
  },
  UpgradeSignatureRefused: {
    meaning: 'The image has no signature that the configured key made over its digest.',
    action: `Sign the image with the key. ${RETRIED}`,
  },
});

/** The version was tried and taken back: the previous image runs again. */
export const UPGRADE_FAILURES = defineCodes({
  UpgradePullFailed: { meaning: 'The node of Kubernetes cannot pull the image.', action: RETRY },
  UpgradeStartFailed: { meaning: 'The container of the new version cannot be created or started.', action: RETRY },
  UpgradeCrashed: {
    meaning: 'The new version ended again and again, before or after it was ready.',
    action: `Read the message and the log of its pod. ${RETRY}`,
  },
  UpgradeNotScheduled: { meaning: 'No node of Kubernetes accepted the pod of the new version.', action: RETRY },
  UpgradeNeverReady: { meaning: 'The new version runs, and was not ready before the deadline.', action: RETRY },
  UpgradeLeaseLost: { meaning: 'The new version took the Lease and lost it.', action: RETRY },
  UpgradeSuperseded: {
    meaning: 'The image of the Deployment was changed by something else while the version was tried.',
    action: 'None when this was the chart. Otherwise find out what changes the Deployment.',
  },
});

/** Events of an upgrade that is well. */
export const UPGRADE_STEPS = defineCodes({
  UpgradeStarted: {
    meaning: 'The image of the Deployment was changed to the version that `fleet.yaml` names.',
    action: 'Wait: the previous version takes over again if the new one fails.',
  },
  UpgradeCompleted: { meaning: 'The new version leads and was ready for long enough.', action: 'No action is needed.' },
});

export const UPGRADE_REASONS = { ...UPGRADE_REFUSALS, ...UPGRADE_FAILURES, ...UPGRADE_STEPS };

/** Also what the policy refuses in the file. */
export type UpgradeRefusal = keyof typeof UPGRADE_REFUSALS | 'VersionNotAllowed';
export type UpgradeFailure = keyof typeof UPGRADE_FAILURES;
export type UpgradeReason = keyof typeof UPGRADE_REASONS;
