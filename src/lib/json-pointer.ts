// JSON pointers (RFC 6901) and paths as arrays.

export type Path = readonly (string | number)[];

/** `['spec', 'args', 0]` → `/spec/args/0`. */
export function toPointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** `['spec', 'args', 0, 'a.b']` → `spec.args[0]["a.b"]`: the form for messages. */
export function toDotted(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}
