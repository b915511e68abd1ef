// `npm run demo`: a real cluster, a real Git server and real chains; progress on the terminal; everything is deleted at the end.

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

// After an interrupt, a chapter may still wait for a fact that will never come.
process.exit(await demo());

async function demo(): Promise<number> {
  const cluster = demoCluster(process.env['KUBECONFIG'] ?? '');
  let stage: Stage | undefined;
  try {
    terminal.heading(`Starting ${cluster.title}, images of geth and CometBFT, a Git server and a controller`);
    const outcome = await Promise.race([
      runChapters(cluster, (made) => (stage = made)),
      interrupted.then(() => 'interrupted' as const),
    ]);
    if (outcome === 'finished' && !values.once && stage !== undefined) {
      explainNextSteps(stage);
      await interrupted;
    }
    return outcome === 'finished' ? 0 : 130;
  } catch (error) {
    terminal.failed(error instanceof Error ? error.message : String(error));
    if (stage !== undefined) terminal.show(await stage.controller.lastLog(20));
    return 1;
  } finally {
    terminal.say('');
    terminal.say('cleaning up …');
    await stage?.close();
    await cluster.close();
    terminal.say('everything was deleted');
  }
}

async function runChapters(cluster: DemoCluster, made: (stage: Stage) => void): Promise<'finished'> {
  const stage = await setStage(await cluster.open());
  made(stage);
  terminal.say(`repository ${stage.cloneUrl}, created by nodewright init; user and password are "demo"`);
  for (const command of stage.controller.commands) terminal.command(command);
  if (stage.controller.values !== undefined) terminal.show(stage.controller.values.trimEnd());
  for (const chapter of chapters) {
    terminal.chapter(chapter.title);
    await chapter.run(stage, terminal);
    terminal.done();
  }
  return 'finished';
}

function explainNextSteps(stage: Stage): void {
  terminal.heading(
    'The demo keeps running. Explore it from another terminal; press Ctrl-C here to stop it and delete everything',
  );
  terminal.show(
    [
      `export KUBECONFIG=${stage.kubeconfig}`,
      `alias kubectl=${stage.kubectlPath}    # a recent kubectl of your own works as well`,
      `kubectl get bn -A`,
      `kubectl get statefulset,configmap,service,pvc -n ${NAMESPACE} -l novacula.com/node=eth-dev`,
      `kubectl logs -n ${NAMESPACE} -l novacula.com/node=eth-dev -c el`,
      ``,
      `git clone ${stage.cloneUrl.replace('://', '://demo:demo@')} my-fleet    # change a file in nodes/, push, and watch`,
      `git -C my-fleet log -p refs/remotes/origin/nodewright-status`,
      ``,
      stage.controller.follow,
    ].join('\n'),
  );
}
