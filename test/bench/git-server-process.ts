// A Git server as a process of its own: sends the address of its repository, and ends when the channel does.

import { startGitServer } from '../support/git-server.ts';

const server = await startGitServer();
server.createRepo('fleet');
process.once('disconnect', () => void server.close());
process.send?.(server.url('fleet'));
