// `npm run demo`: a real cluster, a real Git server, real chains; the story on the terminal; nothing left behind.

import { parseArgs } from 'node:util';

import { binary } from '../cluster/binaries.ts';
import { down, up } from '../cluster/cluster.ts';
import { kubeconfigPath } from '../cluster/state.ts';
import { chapters } from './story.ts';
import { NAMESPACE, setStage, type Stage } from './stage.ts';
import { createTerminal } from './terminal.ts';

const CLUSTER = 'nodewright-demo';
const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
const terminal = createTerminal();
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});

process.exitCode = await demo();

async function demo(): Promise<number> {
  let stage: Stage | undefined;
  try {
    terminal.chapter('A Kubernetes cluster, images of geth and CometBFT, a Git server, a controller');
    const outcome = await Promise.race([
      tellStory((made) => (stage = made)),
      interrupted.then(() => 'interrupted' as const),
    ]);
    if (outcome === 'told' && !values.once && stage !== undefined) {
      sayGoodbye(stage);
      await interrupted;
    }
    return outcome === 'told' ? 0 : 130;
  } catch (error) {
    terminal.failed(error instanceof Error ? error.message : String(error));
    if (stage !== undefined) terminal.show(await stage.controller.lastLog(20));
    return 1;
  } finally {
    terminal.say('Cleaning up …');
    await stage?.close();
    await down(CLUSTER);
    terminal.say('Nothing is left behind.');
  }
}

async function tellStory(made: (stage: Stage) => void): Promise<'told'> {
  const state = await up({ name: CLUSTER, startedBy: 'person', mode: 'pods' });
  const stage = await setStage({ kubeconfig: kubeconfigPath(state), kubectl: await binary('kubectl') });
  made(stage);
  terminal.say(`The repository: ${stage.cloneUrl} (user and password "demo")`);
  for (const chapter of chapters) {
    terminal.chapter(chapter.title);
    await chapter.tell(stage, terminal);
    terminal.done();
  }
  return 'told';
}

function sayGoodbye(stage: Stage): void {
  terminal.chapter('Look around; Ctrl-C ends the demo and removes everything');
  terminal.show(
    [
      `export KUBECONFIG=${stage.kubeconfig}`,
      `kubectl get bn -A`,
      `kubectl get statefulset,configmap,svc,pvc -n ${NAMESPACE} -l novacula.com/node=eth-dev`,
      `kubectl logs -n ${NAMESPACE} -l novacula.com/node=eth-dev -c el`,
      `git clone ${stage.cloneUrl.replace('://', '://demo:demo@')}    # change a file below nodes/, push, watch`,
      `git -C ${stage.clone} fetch && git -C ${stage.clone} log -p origin/nodewright-status`,
      `tail -f ${stage.controller.logFile}`,
    ].join('\n'),
  );
}
