// The table of the controller's own metrics.

import { createMetrics } from '../../src/web/metrics.ts';
import { table } from './sections.ts';

/** One row for every metric, by name. */
export async function metricsTable(): Promise<string> {
  const text = await createMetrics({ version: '', now: () => 0, runtime: false }).text();
  const types = new Map(linesOf(text, 'TYPE'));
  const rows = linesOf(text, 'HELP')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, help]) => [`\`${name}\``, types.get(name) ?? '', help]);
  return table(['Metric', 'Type', 'Meaning'], rows);
}

/** `# HELP name text` of the exposition format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
function linesOf(text: string, keyword: 'HELP' | 'TYPE'): readonly (readonly [string, string])[] {
  return [...text.matchAll(new RegExp(`^# ${keyword} (\\S+) (.*)$`, 'gm'))].map(([, name = '', rest = '']) => [
    name,
    rest,
  ]);
}
