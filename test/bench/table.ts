// Figures as a table for people, and as JSON for programs.

import { type Figure, isKept, roundValue } from './figure.ts';

/** A table in Markdown; what misses its limit says so. */
export function toTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${roundValue(figure.value)} ${figure.unit}`,
    figure.limit === undefined ? '' : `${figure.limit} ${figure.unit}`,
    verdict(figure),
  ]);
  const head = ['figure', 'measured', 'limit', ''];
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** `[{"name","value","unit","limit"}]`; a figure without a limit has none. */
export function toJson(figures: readonly Figure[]): string {
  return JSON.stringify(
    figures.map(({ name, value, unit, limit }) => ({ name, value: roundValue(value), unit, limit })),
    null,
    2,
  );
}

function verdict(figure: Figure): string {
  if (figure.limit === undefined) return '';
  return isKept(figure) ? 'kept' : 'MISSED';
}
