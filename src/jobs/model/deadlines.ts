// How long each part of a job may take before it ends with a reason. Milliseconds.

const MINUTE = 60_000;

export const DEADLINE = {
  /** A node named in a request of the same commit may still have to be made. */
  resolve: 10 * MINUTE,
  /** From the Job's creation to a running container: scheduling, volumes, images. */
  begin: 10 * MINUTE,
  /** For an image that can't be pulled: registries have short failures. */
  pull: 3 * MINUTE,
  exchange: 10 * MINUTE,
  /** For a VolumeSnapshot: some storage systems copy the data before it can be restored. */
  snapshot: 30 * MINUTE,
  /** For a CSI driver that reports an error: it tries again, and storage systems have short failures. */
  snapshotError: 3 * MINUTE,
  /** For the height of a node that was just started: clients that repair their database take their time. */
  height: 30 * MINUTE,
  /** For containers beside `work` in a worker pod: a client may take its whole grace period of two minutes to stop. */
  beside: 3 * MINUTE,
  /** For the log of a program that has ended: an API server or a kubelet that does not answer for a moment proves nothing. */
  log: 5 * MINUTE,
  lastLines: 15_000,
  /**
   * For nodes of other tools, until no probe waits for their answer any more: twice the time after which the liveness
   * probes that these tools generate kill a controller that does not serve, 60 seconds and three times 10.
   */
  answer: 3 * MINUTE,
  /** Clients that repair their database or load an index take their time. */
  start: 30 * MINUTE,
} as const;

/** How often a task is started when its end is unclear and it may be repeated. */
export const MAX_ATTEMPTS = 3;

/** `10 minutes`, `48 seconds`: for messages. */
export function inWords(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds >= 120 && seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
}
