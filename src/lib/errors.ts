// One way to read an unknown error.

/** The base of our own errors: callers compare `code`, people read `message`, `cause` keeps the origin. */
export class CodedError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A one-line description of anything that was thrown, with the causes it carries. Not redacted: see redact.ts. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    const text = oneLine(current);
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

/** The `code` of a coded or system error, or of the first cause that has one. */
export function codeOf(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    current = current.cause;
  }
  return undefined;
}

function oneLine(value: unknown): string {
  const text = value instanceof Error ? value.message || value.name : String(value);
  return text.replaceAll(/\s+/g, ' ').trim();
}
