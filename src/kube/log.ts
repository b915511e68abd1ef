// The subset of a logger that this module needs; a pino logger has it.

export interface Log {
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Logs nothing. */
export const NO_LOG: Log = { warn: () => undefined, info: () => undefined };
