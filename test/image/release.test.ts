// The release workflow: what it publishes, and that nothing in it can be replaced by others.

import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const text = read('.github/workflows/release.yaml');

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: object }[];
}
interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}
const { permissions, jobs } = parse(text) as Workflow;
const steps = Object.values(jobs).flatMap((job) => job.steps);

it('pins every action by its commit, with the version beside it', () => {
  const actions = [...text.matchAll(/uses: .*$/gm)].map(([line]) => line);
  expect(actions.length).toBeGreaterThan(0);
  for (const line of actions) expect(line).toMatch(/^uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

it('gives no job a right that it does not need, and no checkout its credentials', () => {
  expect(permissions).toEqual({ contents: 'read' });
  expect(jobs['check']?.permissions).toBeUndefined();
  expect(jobs['image']?.permissions).toEqual({ contents: 'read', packages: 'write' });
  const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout'));
  for (const one of checkouts) expect(one.with).toEqual({ 'persist-credentials': false });
});

it('puts nothing of an event into a script: values are environment variables', () => {
  for (const { run = '' } of steps) expect(run).not.toContain('${{');
});

it('builds both architectures with SBOM and provenance, from a base that is named by its digest', () => {
  expect(text).toContain('linux/amd64');
  expect(text).toContain('linux/arm64');
  for (const flag of ['--sbom=true', '--provenance=mode=max', '--build-arg "BASE=$BASE"', 'push-by-digest=true'])
    expect(text).toContain(flag);
});

it('writes the image into the lines that the values of the chart have', () => {
  const values = read('charts/nodewright/values.yaml').split('\n');
  for (const line of ["  repository: ''", "  digest: ''"]) expect(values.filter((one) => one === line)).toHaveLength(1);
});

it('finds the versions of package and chart where it looks for them', () => {
  const { version } = JSON.parse(read('package.json')) as { readonly version: string };
  const chart = read('charts/nodewright/Chart.yaml').split('\n');
  expect(chart).toContain(`version: ${version}`);
  expect(chart.some((line) => line.replaceAll("'", '') === `appVersion: ${version}`)).toBe(true);
});
