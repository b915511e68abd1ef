// The plan of a job on a node that is new and stopped: there is nothing to work on, unless a request of the same commit fills it.

import { expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { nodesWithoutVolumes } from '../../src/cli/plan/facts.ts';
import { jobsAgainstCluster, jobsBetween } from '../../src/cli/plan/jobs.ts';
import { jobKinds } from '../../src/jobs/kinds/index.ts';
import { planRequests } from '../../src/jobs/requests/plan-requests.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { nodeFile, read } from '../support/desired-files.ts';

const job = (kind: string, name: string, spec: object): Record<string, string> => ({
  [`jobs/${name}.yaml`]: JSON.stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec }),
});
const stopped = (name: string): Record<string, string> => ({
  [`nodes/${name}.yaml`]: nodeFile(name, (text) => `${text.trimEnd()}\n  desiredState: Stopped\n`),
});
const running = (name: string): Record<string, string> => ({ [`nodes/${name}.yaml`]: nodeFile(name) });
const SAVE = job('Backup', 'save', { node: 'a' });
const OLD = job('Backup', 'old', { node: 'b' });
const FILL = job('Restore', 'fill', { node: 'a', backup: 'old' });
const ADVICE = 'start it, or restore a Backup into it first. The job waits 10 minutes for volumes, and is refused then';
const NEW = `a is new and stopped, and has no volumes, unless an earlier node of its name left some: ${ADVICE}`;

type Files = Readonly<Record<string, string>>;
interface Given {
  readonly before?: Files;
  readonly after: Files;
  readonly records?: Parameters<typeof jobsBetween>[2];
}

function said({ before = {}, after, records }: Given, name = 'save'): string {
  const base = { ...running('b'), ...OLD };
  const steps = jobsBetween(read({ ...base, ...before }), read({ ...base, ...after }), records);
  const step = steps.find((one) => one.job.endsWith(`/${name}`));
  return `${step?.do}: ${step?.because}`;
}

const filled = (phase: 'Failed' | 'Working') =>
  new Map([['demo/Restore/novacula-system/fill', { phase, specDigest: 'x' }]]);

it.each<Given & { readonly because: string }>([
  { because: 'adds it', after: { ...stopped('a'), ...SAVE } },
  { because: 'adds it, with a Restore into another one', after: { ...stopped('a'), ...SAVE, ...job('Restore', 'fill', { node: 'b', backup: 'old' }) } },
  { because: 'adds it, with a Restore that has failed', after: { ...stopped('a'), ...SAVE, ...FILL }, records: filled('Failed') },
  { because: 'adds it, with a Restore of nothing', after: { ...stopped('a'), ...SAVE, ...job('Restore', 'fill', { node: 'a', backup: 'none' }) }, records: new Map() },
])('is refused in a commit that $because', (given) => {
  expect(said(given)).toBe(`refuse: ${NEW}`);
}); // prettier-ignore

it.each<Given & { readonly because: string }>([
  { because: 'starts it', after: { ...running('a'), ...SAVE } },
  { because: 'stops a node that was there', before: running('a'), after: { ...stopped('a'), ...SAVE } },
  { because: 'finds it stopped', before: stopped('a'), after: { ...stopped('a'), ...SAVE } },
  { because: 'corrects its file', before: { 'nodes/a.yaml': nodeFile('a', (text) => text.replace('geth', 'gteh')) }, after: { ...stopped('a'), ...SAVE } },
  { because: 'comes after a file that could not be read', before: { 'nodes/x.yaml': 'a: [' }, after: { ...stopped('a'), ...SAVE } },
  { because: 'restores it too', after: { ...stopped('a'), ...SAVE, ...FILL } },
  { because: 'comes while a Restore works', after: { ...stopped('a'), ...SAVE, ...FILL }, records: filled('Working') },
])('runs in a commit that $because', (given) => {
  expect(said(given)).toMatch(/^run: /);
}); // prettier-ignore

it('of the kind that fills volumes runs', () => {
  expect(said({ after: { ...stopped('a'), ...FILL } }, 'fill')).toMatch(/^run: /);
});

it.each(jobKinds.map((one) => ({ kind: one.kind, example: one.example, open: one.open(one.example) })))(
  'a $kind is judged by what it does to volumes, not by its name',
  ({ kind, example, open: { fillsVolumes, nodes } }) => {
    const request = { kind, namespace: 'ns', name: 'one', executor: 'east', file: 'jobs/one.yaml', spec: example };
    const withoutVolumes = new Map(nodes.map((name) => [`ns/${name}`, `${name} is new`]));
    const none = { from: 'files', requests: new Map(), schedules: new Map() } as const;
    const sets = { broken: new Set<string>(), brokenFiles: new Set<string>(), stopped: new Set(withoutVolumes.keys()) };
    const after = { ...none, ...sets, requests: new Map([[`${kind}/ns/one`, request]]), withoutVolumes };
    expect(planRequests(none, after)[0]?.do).toBe(fillsVolumes === true ? 'run' : 'refuse');
  },
);

const pvc = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-a-0', namespace: 'novacula-system', uid: 'u', labels: { 'novacula.com/node': 'a' } },
};
const node = (state: string) =>
  ({
    metadata: { name: 'a', namespace: 'novacula-system' },
    spec: { desiredState: state },
  }) as unknown as BlockchainNode;

it.each<{ readonly because: string; readonly current: readonly BlockchainNode[]; readonly pvcs: readonly KubeObject[] | undefined; readonly says: string }>([
  { because: 'stopped since its creation', current: [node('Stopped')], pvcs: [], says: `refuse: a is stopped and has no volumes: ${ADVICE}` },
  { because: 'not there yet', current: [], pvcs: [], says: `refuse: a is stopped and has no volumes: ${ADVICE}` },
  { because: 'stopped, with volumes', current: [node('Stopped')], pvcs: [pvc], says: 'run: keeps a stopped' },
  { because: 'still starting', current: [node('Running')], pvcs: [], says: 'run: keeps a stopped' },
  { because: 'stopped, where no PVCs may be listed', current: [node('Stopped')], pvcs: undefined, says: 'run: keeps a stopped' },
])('against the cluster, of a node that is $because: $says', ({ current, pvcs, says }) => {
  const desired = read({ ...stopped('a'), ...SAVE });
  const withoutVolumes = nodesWithoutVolumes(desired, current, pvcs);
  const [step] = jobsAgainstCluster([], desired, { withoutVolumes });
  expect(`${step?.do}: ${step?.because}`.startsWith(says)).toBe(true);
}); // prettier-ignore
