// The picture in the README: reads a recorded run from standard input, writes an SVG to standard output.
// FORCE_COLOR=1 npm run -s demo -- --once | node test/demo/picture.ts > .github/demo.svg

import { text } from 'node:stream/consumers';

const COLUMNS = 118;
const LINE = 17;
const CHARACTER = 7.4;
const MARGIN = 16;
/** Longer shown texts are cut, and the picture says so. */
const SHOWN = 26;

const FILL: Readonly<Record<string, string>> = {
  '1': 'font-weight="700" fill="#ffffff"',
  '2': 'fill="#8b949e"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#56d364"',
  '33': 'fill="#e3b341"',
  '36': 'fill="#79c0ff"',
};

const recorded = (await text(process.stdin)).trim().split('\n');
// Progress is gone from a terminal when its fact has come.
process.stdout.write(draw(shorten(recorded.filter((line) => !/^ {3}… [0-9]+ s:/.test(plain(line))))));

/** Blocks of shown text with their middle left out. */
function shorten(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let shown = 0;
  for (const line of lines) {
    if (plain(line).startsWith('   │')) shown += 1;
    else {
      if (shown > SHOWN) kept.push(`\u001B[2m   │ … ${shown - SHOWN} more lines\u001B[22m`);
      shown = 0;
    }
    if (shown <= SHOWN) kept.push(line);
  }
  return kept;
}

function draw(lines: readonly string[]): string {
  const width = Math.ceil(COLUMNS * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const rows = lines.map((line, index) => {
    const y = MARGIN + (index + 1) * LINE - 4;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${spans(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="12.3" fill="#e6edf3">`,
    `<title>npm run demo</title><rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n`,
    `${rows.join('\n')}\n</svg>\n`,
  ].join('');
}

/** One span for each run of equal colour; what is beyond the last column is left out. */
function spans(line: string): string {
  let fill: string | undefined;
  let room = COLUMNS;
  return line
    .split(/\u001B\[([0-9]+)m/)
    .map((part, index) => {
      if (index % 2 === 1) {
        fill = FILL[part];
        return '';
      }
      const visible = part.length > room ? `${part.slice(0, Math.max(0, room - 1))}…` : part;
      const isBeyond = room <= 0;
      room -= part.length;
      if (part === '' || isBeyond) return '';
      return fill === undefined ? escaped(visible) : `<tspan ${fill}>${escaped(visible)}</tspan>`;
    })
    .join('');
}

function plain(line: string): string {
  return line.replaceAll(/\u001B\[[0-9]+m/g, '');
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
