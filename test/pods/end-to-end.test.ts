// The chapters of the demo as a test: real pods, real chains, a real Git server, the controller installed by the chart.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { binary } from '../cluster/binaries.ts';
import { stageIn } from '../demo/cluster.ts';
import { setStage, type Stage } from '../demo/stage.ts';
import { chapters } from '../demo/story.ts';
import type { Narrator } from '../demo/narrator.ts';
import { testCluster } from '../support/cluster.ts';

describe('the demo', () => {
  let stage: Stage;
  const printed: string[] = [];
  const narrator: Narrator = {
    say: (text) => void printed.push(text),
    command: (text) => void printed.push(`$ ${text}`),
    show: (text) => void printed.push(text),
    waiting: () => undefined,
  };

  beforeAll(async () => {
    const { kubeconfigPath: kubeconfig, state } = await testCluster();
    const beside = { kubeconfig, kubectl: await binary('kubectl'), chart: undefined };
    stage = await setStage(state === undefined ? beside : await stageIn(state));
  });

  afterAll(async () => {
    await stage?.close();
  });

  // Each chapter continues from the state that the previous one left.
  it.each(chapters)('$title', async ({ run }) => {
    const trouble = await run(stage, narrator).catch(async (cause: unknown) => {
      const log = await stage.controller.lastLog(15);
      return new Error(`${printed.slice(-5).join('\n')}\n${log}`, { cause });
    });
    expect(trouble).toBeUndefined();
  });
});
