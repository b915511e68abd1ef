// The chart says what is true of the program: metrics, variables, values.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { createMetrics } from '../../src/web/metrics.ts';
import { ROOT } from './sections.ts';
import { readSchema, type ValueSchema } from './values-schema.ts';

const read = async (path: string): Promise<string> => await readFile(join(ROOT, 'charts/nodewright', path), 'utf8');

it.each(['templates/alerts.yaml', 'files/dashboard.json'])('%s asks for metrics that exist', async (path) => {
  const text = await createMetrics({ version: '0.1.0', now: Date.now }).text();
  const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const asked = [...(await read(path)).matchAll(/\bnodewright_[a-z_]+\b/g)].map(([name]) => name);
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});

it('the dashboard is JSON with a query in every panel', async () => {
  const { panels } = JSON.parse(await read('files/dashboard.json')) as {
    readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  };
  expect(panels.filter(({ targets }) => targets.length === 0 || targets.some(({ expr }) => expr === ''))).toEqual([]);
});

it('every value is described, and no unknown one is accepted beside it', async () => {
  const undescribed: string[] = [];
  const open: string[] = [];
  const visit = (schema: ValueSchema & { readonly additionalProperties?: unknown }, path: string): void => {
    if (schema.description === undefined && path !== '') undescribed.push(path);
    if (schema.properties !== undefined && schema.additionalProperties !== false) open.push(path);
    for (const [name, member] of Object.entries(schema.properties ?? {})) visit(member, `${path}.${name}`);
  };
  visit(await readSchema(), '');
  expect({ undescribed, open }).toEqual({ undescribed: [], open: [] });
});

it('env cannot name a variable that the chart sets itself', async () => {
  const set = [...(await read('templates/deployment.yaml')).matchAll(/- name: ([A-Z][A-Z_]+)$/gm)].flatMap(
    ([, name]) => name ?? [],
  );
  const schema = (await readSchema()) as {
    readonly properties: {
      readonly env: { readonly propertyNames: { readonly not: { readonly enum: readonly string[] } } };
    };
  };
  expect(schema.properties.env.propertyNames.not.enum.toSorted()).toEqual(set.toSorted());
});

it('the page of the project installs it with the same commands as the page of the chart, which a test runs', async () => {
  const installing = (text: string): string | undefined =>
    [...text.matchAll(/^ *```sh\n(.*?)^ *```/gms)]
      .map(([, block = '']) => block.replaceAll(/^ {3}/gm, ''))
      .find(isInstalling);
  const page = installing(await readFile(join(ROOT, 'README.md'), 'utf8'));
  expect(page).toBeDefined();
  expect(page?.split(/\s+/)).toEqual(installing(await read('README.md'))?.split(/\s+/));
});

function isInstalling(block: string): boolean {
  return block.includes('helm install');
}
