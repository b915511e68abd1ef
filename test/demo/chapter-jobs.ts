// The chapter of one-shot jobs: a Backup and a Restore of one node, each requested by a file in `jobs/`.

import { parse } from 'yaml';

import { isFinal } from '../../src/api/job-phase.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { expectFact, heightAbove } from './observe.ts';
import { commitAndPush, editFile, EXECUTOR, NAMESPACE, type Stage } from './stage.ts';
import type { Narrator } from './narrator.ts';
import { waitFor } from './wait-for.ts';

const NODE = 'eth-dev';
const BACKUP = `apiVersion: validatoros.com/v1alpha1
kind: Backup
metadata:
  name: before-upgrade
spec:
  node: ${NODE}
`;
const RESTORE = `apiVersion: validatoros.com/v1alpha1
kind: Restore
metadata:
  name: undo-upgrade
spec:
  node: ${NODE}
  backup: before-upgrade
`;

/** Proven by heights and by the digest of the manifest. */
export async function backupAndRestore(stage: Stage, narrator: Narrator): Promise<void> {
  if (stage.workerImage === undefined) {
    narrator.say('skipped: worker pods need the image of Nodewright, which this cluster does not have');
    return;
  }
  const made = await carryOut(stage, narrator, BACKUP);
  narrator.say(
    `the node was stopped, ${made.files} files were copied at height ${made.height}, and the node was started again`,
  );
  const later = await heightAbove({ stage, narrator }, NODE, (made.height ?? 0) + 4);
  narrator.say(`it produces blocks that the backup does not contain: height ${later}`);
  const back = await carryOut(stage, narrator, RESTORE);
  expectFact(back.manifestSha256 === made.manifestSha256, 'the Restore should name the manifest of the Backup');
  expectFact((back.height ?? Infinity) < later, 'the Restore should return to the height of the Backup');
  narrator.say(`it was restored to height ${back.height} of the backup and has reached ${back.heightAfter} since`);
  narrator.command('kubectl get backup,restore -A');
  narrator.show(await stage.kubectl(['get', 'backup,restore', '-A']));
  const path = recordPath(RESTORE);
  narrator.command(`git show nodewright-status:${path}`);
  narrator.show((await stage.statusFile(path)) ?? '');
}

/** Merges a request; resolves with its record once that says Complete. */
async function carryOut(stage: Stage, narrator: Narrator, request: string): Promise<JobRecord> {
  const { kind, name } = identityOf(request);
  const file = `jobs/${name}.yaml`;
  await editFile(stage, file, () => request);
  narrator.command(`cat ${file} && nodewright plan --from main`);
  const plan = await stage.nodewright(['plan', stage.clone, '--from', 'main']);
  narrator.show(`${request}\n${plan.stdout}`);
  expectFact(plan.code === 1 && plan.stdout.includes(`run ${kind}`), 'the plan should say what it will do');
  narrator.command('git commit && git push');
  await commitAndPush(stage, `Request ${kind} ${name}`);
  const record = await waitFor(
    { what: `${kind} ${name} to finish`, timeoutMs: 240_000, onWait: (s, last) => narrator.waiting(s, last) },
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
