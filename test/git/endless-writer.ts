// A separate process that publishes until it is killed: `node endless-writer.ts URL DIRECTORY`.

import { createStatusBranch } from '../../src/git/status-branch.ts';

const [, , url = '', directory = ''] = process.argv;
const status = createStatusBranch({ url, directory });

for (let i = 0; ; i++) {
  const files = new Map(Array.from({ length: 40 }, (_, n) => [`a/n${n}.yaml`, `${process.pid} ${i} ${n}\n`]));
  const author = { name: 'a', email: 'a@example.com' };
  const request = { prefix: 'a', files, message: `round ${i}`, author, at: 1_700_000_000 + i };
  await status.publish(request, new AbortController().signal);
  process.stdout.write('published\n');
}
