// Patterns of the policy: names, repositories, file paths and JSON pointers.

const cache = new Map<string, RegExp>();

/** `*` stands for any text without "/", `**` for any text; everything else for itself. The whole text must match. */
export function matches(pattern: string, text: string): boolean {
  return expression(pattern).test(text);
}

export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matches(pattern, text));
}

/** Like `matches`, and a final `/**` also stands for nothing: `/spec/affinity/**` matches `/spec/affinity` itself. */
export function reachesPointer(pattern: string, pointer: string): boolean {
  return matches(pattern, pointer) || (pattern.endsWith('/**') && matches(pattern.slice(0, -3), pointer));
}

function expression(pattern: string): RegExp {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const source = pattern.split(/(\*+)/).map(part).join('');
  const made = new RegExp(`^${source}$`);
  cache.set(pattern, made);
  return made;
}

/** Runs of more than two stars mean what two mean: adjacent quantifiers would take exponential time. */
function part(text: string): string {
  if (text === '*') return '[^/]*';
  return text.startsWith('*') ? '.*' : text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
}
