// What the controller asked the Git server, and when.

import type { SeenRequest } from '../support/git-exchange.ts';
import type { GitServer } from '../support/git-server.ts';
import { until } from './wait.ts';

/** The first request for reading that arrives after a moment (performance.now()): it sees what was pushed before. */
export async function firstReadAfter(server: GitServer, moment: number): Promise<SeenRequest> {
  return await until('the controller to look at the branch', 60_000, () =>
    server.requests.find(({ service, at }) => service === 'git-upload-pack' && at >= moment),
  );
}

/** When the pack that was asked for after a moment had been sent: the largest answer until `end`. */
export function packSentAt(server: GitServer, begin: number, end: number): number {
  const answers = server.requests
    .filter(({ service, method }) => service === 'git-upload-pack' && method === 'POST')
    .filter(({ at, endedAt }) => at >= begin && endedAt > 0 && endedAt <= end)
    .toSorted((a, b) => b.sent - a.sent);
  const [pack] = answers;
  if (pack === undefined) throw new Error('nothing was fetched');
  return pack.endedAt;
}
