// Tables for a terminal.

import { cleanLine } from '../lib/clean-text.ts';

const MAX_CELL = 160;
/** Of the last column, whose cells are sentences and shift no others. */
const MAX_LAST = 1_200;

/** Columns as wide as their widest cell. Texts of objects become one line without control characters. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = [
    head,
    ...rows.map((cells) =>
      cells.map((cell, column) => cleanLine(cell, column === head.length - 1 ? MAX_LAST : MAX_CELL)),
    ),
  ];
  const widths = head.map((_, column) => Math.max(...clean.map((cells) => cells[column]?.length ?? 0)));
  return clean
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
