// The little of a logger that this room needs; a pino logger fits.

export interface Log {
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Says nothing. */
export const NO_LOG: Log = { warn: () => undefined, info: () => undefined };
