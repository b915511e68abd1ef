// `npm run demo`: a real cluster, a real Git server, real chains; the story on the terminal; nothing left behind.

import { parseArgs } from 'node:util';

import { type DemoCluster, demoCluster } from './cluster.ts';
import { chapters } from './story.ts';
import { NAMESPACE, setStage, type Stage } from './stage.ts';
import { createTerminal } from './terminal.ts';

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
const terminal = createTerminal();
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
});

// An interrupted story still waits for facts that will never come.
process.exit(await demo());

async function demo(): Promise<number> {
  const cluster = demoCluster(process.env['KUBECONFIG'] ?? '');
  let stage: Stage | undefined;
  try {
    terminal.heading(`${cluster.title}, images of geth and CometBFT, a Git server and a controller come up`);
    const outcome = await Promise.race([
      tellStory(cluster, (made) => (stage = made)),
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
    terminal.say('');
    terminal.say('cleaning up …');
    await stage?.close();
    await cluster.close();
    terminal.say('nothing is left behind');
  }
}

async function tellStory(cluster: DemoCluster, made: (stage: Stage) => void): Promise<'told'> {
  const stage = await setStage(await cluster.open());
  made(stage);
  terminal.say(`repository ${stage.cloneUrl}, made by nodewright init; user and password are "demo"`);
  terminal.command(`nodewright run --repo ${stage.cloneUrl} --branch main --executor primary --interval 2s`);
  for (const chapter of chapters) {
    terminal.chapter(chapter.title);
    await chapter.tell(stage, terminal);
    terminal.done();
  }
  return 'told';
}

function sayGoodbye(stage: Stage): void {
  terminal.heading('It stays up. Look around in another terminal; Ctrl-C here ends it and removes everything');
  terminal.show(
    [
      `export KUBECONFIG=${stage.kubeconfig}`,
      `alias kubectl=${stage.kubectlPath}    # yours does as well, if it is of this year`,
      `kubectl get bn -A`,
      `kubectl get statefulset,configmap,service,pvc -n ${NAMESPACE} -l novacula.com/node=eth-dev`,
      `kubectl logs -n ${NAMESPACE} -l novacula.com/node=eth-dev -c el`,
      ``,
      `git clone ${stage.cloneUrl.replace('://', '://demo:demo@')} my-fleet    # change a file below nodes/, push, watch`,
      `git -C my-fleet log -p origin/nodewright-status`,
      ``,
      `tail -f ${stage.controller.logFile}`,
    ].join('\n'),
  );
}
