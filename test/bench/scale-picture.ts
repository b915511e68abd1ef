// The figures of `scale` as a picture: lines on logarithmic axes, readable on light and dark pages.

export interface PictureFigures {
  readonly nodes: number;
  readonly peakMb: number;
  readonly cpu: number;
  readonly planMs: number;
}

const [WIDTH, HEIGHT] = [720, 420];
const PLOT = { left: 60, right: 540, top: 30, bottom: 370 };
const X = { from: 100, to: 20_000, ticks: [100, 1000, 5000, 10_000, 20_000] };
const Y = { from: 1, to: 2000, ticks: [1, 10, 100, 1000] };

interface Line {
  readonly label: string;
  readonly color: string;
  readonly of: (scale: PictureFigures) => number;
}

const LINES: readonly Line[] = [
  { label: 'memory at the peak, MB', color: '#0969da', of: ({ peakMb }) => peakMb },
  { label: 'processor of the sync, s', color: '#cf222e', of: ({ cpu }) => cpu },
  { label: 'plan of one change, s', color: '#1a7f37', of: ({ planMs }) => planMs / 1000 },
];

/** An SVG without scripts, fonts or links. */
export function scalePicture(scales: readonly PictureFigures[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    '  <title>Memory, processor and plan time by the number of nodes</title>',
    `  <rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...X.ticks.map((nodes) => vertical(nodes)),
    ...Y.ticks.map((value) => horizontal(value)),
    ...LINES.flatMap((line) => drawn(line, scales)),
    text({ x: (PLOT.left + PLOT.right) / 2, y: PLOT.bottom + 40 }, 'nodes (custom resources)', { anchor: 'middle' }),
    '</svg>',
    '',
  ].join('\n');
}

function x(nodes: number): number {
  return Math.round(PLOT.left + share(nodes, X) * (PLOT.right - PLOT.left));
}

function y(value: number): number {
  return Math.round(PLOT.bottom - share(value, Y) * (PLOT.bottom - PLOT.top));
}

/** Below the axis is on it. */
function share(value: number, { from, to }: { readonly from: number; readonly to: number }): number {
  return Math.max(0, Math.log(value / from) / Math.log(to / from));
}

function vertical(nodes: number): string {
  const at = x(nodes);
  const line = `<line x1="${at}" y1="${PLOT.top}" x2="${at}" y2="${PLOT.bottom}" stroke="#d0d7de"/>`;
  return `  ${line}\n${text({ x: at, y: PLOT.bottom + 20 }, nodes.toLocaleString('en'), { anchor: 'middle' })}`;
}

function horizontal(value: number): string {
  const at = y(value);
  const line = `<line x1="${PLOT.left}" y1="${at}" x2="${PLOT.right}" y2="${at}" stroke="#d0d7de"/>`;
  return `  ${line}\n${text({ x: PLOT.left - 8, y: at + 4 }, value.toLocaleString('en'), { anchor: 'end' })}`;
}

function drawn({ label, color, of }: Line, scales: readonly PictureFigures[]): readonly string[] {
  const points = scales.map((scale) => ({ x: x(scale.nodes), y: y(of(scale)) }));
  const last = points.at(-1) ?? { x: 0, y: 0 };
  const path = points.map((point) => `${point.x},${point.y}`).join(' ');
  return [
    `  <polyline points="${path}" fill="none" stroke="${color}" stroke-width="2.5"/>`,
    ...points.map((point) => `  <circle cx="${point.x}" cy="${point.y}" r="3.5" fill="${color}"/>`),
    text({ x: last.x + 10, y: last.y + 4 }, label, { anchor: 'start', color }),
  ];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function text(at: Point, words: string, { anchor, color = '#24292f' }: Style): string {
  return `  <text x="${at.x}" y="${at.y}" text-anchor="${anchor}" fill="${color}">${words}</text>`;
}

interface Style {
  readonly anchor: 'start' | 'middle' | 'end';
  readonly color?: string;
}
