// The demo's story as a test: real pods, real chains, a real Git server, the controller as its own process.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { binary } from '../cluster/binaries.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { setStage, type Stage } from '../demo/stage.ts';
import { chapters } from '../demo/story.ts';
import type { Teller } from '../demo/teller.ts';
import { testCluster } from '../support/cluster.ts';

describe('the story of the demo', () => {
  let stage: Stage;
  const told: string[] = [];
  const teller: Teller = {
    say: (text) => void told.push(text),
    command: (text) => void told.push(`$ ${text}`),
    show: (text) => void told.push(text),
    waiting: () => undefined,
  };

  beforeAll(async () => {
    const { kubeconfigPath: kubeconfig, state } = await testCluster();
    const workerImage = state === undefined ? undefined : await importWorkerImage(state);
    stage = await setStage({ kubeconfig, kubectl: await binary('kubectl'), workerImage });
  });

  afterAll(async () => {
    await stage?.close();
  });

  // Each chapter goes on from where the one before it ended.
  it.each(chapters)('$title', async ({ tell }) => {
    const trouble = await tell(stage, teller).catch(async (cause: unknown) => {
      const log = await stage.controller.lastLog(15);
      return new Error(`${told.slice(-5).join('\n')}\n${log}`, { cause });
    });
    expect(trouble).toBeUndefined();
  });
});
