// What the controller adds to every job: its own image and the worker pod's limits.

export interface JobSettings {
  /** The controller's own image: it has the `nodewright job` commands. */
  readonly workerImage: string;
  /** How long a node may take to stop, in milliseconds. */
  readonly stopDeadlineMs: number;
  readonly imagePullSecrets: readonly string[];
  readonly resources: Resources;
  /** For programs that are not ours: clients and cloud-op. */
  readonly programResources: Resources;
}

interface Resources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

export const DEFAULT_SETTINGS: Omit<JobSettings, 'workerImage'> = {
  // Longer than any client's grace period (bitcoind: 10 minutes).
  stopDeadlineMs: 20 * 60_000,
  imagePullSecrets: [],
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  programResources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '4Gi' } },
};
