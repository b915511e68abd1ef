// A real S3 server on a folder: versitygw with its posix backend. Buckets are folders.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { freePorts } from '../cluster/ports.ts';
import { binary } from '../cluster/binaries.ts';
import { type Program, startProgram, stopProgram } from '../worker/support/program.ts';

export const S3_KEYS = { access: 'test-access-key', secret: 'test-secret-key' } as const;

export interface S3Server {
  /** `http://127.0.0.1:34567` */
  readonly endpoint: string;
  /** Where the objects lie: `<folder>/<bucket>/<key>`. */
  readonly folder: string;
  start(): Promise<void>;
  /** Without warning, in the middle of requests. */
  kill(): void;
  stop(): Promise<void>;
}

/** Started, with the bucket `backups`. The same port is used when it is started again. */
export async function startS3(folder: string, address = '127.0.0.1'): Promise<S3Server> {
  const file = await binary('versitygw');
  const [port = 0] = await freePorts(1, address);
  const endpoint = `http://${address}:${port}`;
  let program: Program | undefined;
  mkdirSync(join(folder, 'backups'), { recursive: true });
  const start = async (): Promise<void> => {
    program = await startProgram({
      file,
      args: ['--port', `${address}:${port}`, '--quiet', 'posix', folder],
      env: { ROOT_ACCESS_KEY: S3_KEYS.access, ROOT_SECRET_KEY: S3_KEYS.secret },
      ready: async () => (await fetch(endpoint)).status > 0,
    });
  };
  await start();
  return {
    endpoint,
    folder,
    start,
    kill: () => void program?.process.kill('SIGKILL'),
    stop: async () => {
      if (program !== undefined) await stopProgram(program);
    },
  };
}
