// Writes tar archives (POSIX ustar) whose bytes depend on nothing but their entries.

export type TarEntry =
  | { readonly type: 'file'; readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

const BLOCK = 512;

/** The archive, all owned by root, with time 0. Paths may have at most 255 characters. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const data = entry.type === 'file' ? entry.data : new Uint8Array();
    return [header(entry, data.length), data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = split(entry.type === 'directory' ? `${entry.path}/` : entry.path);
  block.write(name, 0, 100);
  writeOctal(block, entry.type === 'link' ? 0o777 : entry.mode, { at: 100, length: 8 });
  writeOctal(block, 0, { at: 108, length: 8 });
  writeOctal(block, 0, { at: 116, length: 8 });
  writeOctal(block, size, { at: 124, length: 12 });
  writeOctal(block, 0, { at: 136, length: 12 });
  block.write('        ', 148, 8);
  block.write({ file: '0', link: '2', directory: '5' }[entry.type], 156, 1);
  if (entry.type === 'link') block.write(entry.target, 157, 100);
  block.write('ustar\u000000', 257, 8);
  block.write(prefix, 345, 155);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}

/** ustar keeps 100 characters of a path, and 155 more of its folders. */
function split(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  const at = path.indexOf('/', path.length - 101);
  if (at < 0 || at > 155) throw new Error(`path too long for a tar archive: ${path}`);
  return { name: path.slice(at + 1), prefix: path.slice(0, at) };
}

function writeOctal(block: Buffer, value: number, { at, length }: { at: number; length: number }): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length);
}
