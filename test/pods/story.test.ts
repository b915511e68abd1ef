// The demo's story as a test: real pods, real chains, a real Git server, the controller as its own process.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { binary } from '../cluster/binaries.ts';
import { setStage, type Stage } from '../demo/stage.ts';
import { chapters, type Teller } from '../demo/story.ts';
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
    const cluster = await testCluster();
    stage = await setStage({ kubeconfig: cluster.kubeconfigPath, kubectl: await binary('kubectl') });
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
