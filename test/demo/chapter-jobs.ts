// The chapter of one-shot jobs: what a node was is kept, and comes back, each asked for by a file in `jobs/`.

import { parse } from 'yaml';

import { isFinal } from '../../src/api/job-status.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { expectFact, heightAbove } from './observe.ts';
import { commitAndPush, editFile, EXECUTOR, NAMESPACE, type Stage } from './stage.ts';
import type { Teller } from './teller.ts';
import { waitFor } from './wait-for.ts';

const NODE = 'eth-dev';
const BACKUP = `apiVersion: validatoros.com/v1alpha1
kind: Backup
metadata:
  name: before-the-work
spec:
  node: ${NODE}
`;
const RESTORE = `apiVersion: validatoros.com/v1alpha1
kind: Restore
metadata:
  name: undo-the-work
spec:
  node: ${NODE}
  backup: before-the-work
`;

/** Proven by heights and by the digest of the manifest. */
export async function backupAndRestore(stage: Stage, teller: Teller): Promise<void> {
  if (stage.workerImage === undefined) {
    teller.say('left out: worker pods run the image of Nodewright, which nobody has given to this cluster');
    return;
  }
  const made = await carryOut(stage, teller, BACKUP);
  teller.say(`the node was stopped, ${made.files} files were copied at height ${made.height}, and it runs again`);
  const later = await heightAbove(stage, NODE, (made.height ?? 0) + 4, teller);
  teller.say(`it makes blocks that the backup does not have: height ${later}`);
  const back = await carryOut(stage, teller, RESTORE);
  expectFact(back.manifestSha256 === made.manifestSha256, 'the Restore should name the manifest of the Backup');
  expectFact((back.height ?? Infinity) < later, 'the Restore should bring back the height of the Backup');
  teller.say(`it is at the backup's height ${back.height} again, and went on to ${back.heightAfter}`);
  teller.command('kubectl get backup,restore -A');
  teller.show(await stage.kubectl(['get', 'backup,restore', '-A']));
  const path = recordPath(RESTORE);
  teller.command(`git show nodewright-status:${path}`);
  teller.show((await stage.statusFile(path)) ?? '');
}

/** Merges a request; resolves with its record once that says Complete. */
async function carryOut(stage: Stage, teller: Teller, request: string): Promise<JobRecord> {
  const { kind, name } = identityOf(request);
  const file = `jobs/${name}.yaml`;
  await editFile(stage, file, () => request);
  teller.command(`cat ${file} && nodewright plan --from main`);
  const plan = await stage.nodewright(['plan', stage.clone, '--from', 'main']);
  teller.show(`${request}\n${plan.stdout}`);
  expectFact(plan.code === 1 && plan.stdout.includes(`run ${kind}`), 'the plan should say what it will do');
  teller.command('git commit && git push');
  await commitAndPush(stage, `Ask for ${kind} ${name}`);
  const record = await waitFor(
    { what: `the end of ${kind} ${name}`, timeoutMs: 240_000, onWait: (s, last) => teller.waiting(s, last) },
    async () => {
      const text = await stage.statusFile(recordPath(request));
      const found = text === undefined ? undefined : (parse(text) as JobRecord);
      if (found === undefined || !isFinal(found.phase)) throw new Error(found?.message ?? 'not yet claimed');
      return found;
    },
  );
  expectFact(record.phase === 'Complete', `${kind} ${name} is ${record.phase}: ${record.message}`);
  return record;
}

function recordPath(request: string): string {
  const { kind, name } = identityOf(request);
  return `${EXECUTOR}/jobs/${kind.toLowerCase()}/${NAMESPACE}/${name}.yaml`;
}

function identityOf(request: string): { readonly kind: string; readonly name: string } {
  const { kind, metadata } = parse(request) as { readonly kind: string; readonly metadata: { readonly name: string } };
  return { kind, name: metadata.name };
}
