// Processor time instead of wall clock: what else this machine does has no influence on it.

/** Milliseconds of processor time that this thread has spent since `before`, an answer of process.threadCpuUsage(). */
export function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
