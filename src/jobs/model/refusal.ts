// Why something can't be done, as data.

export interface Refusal {
  readonly refused: true;
  /** PascalCase. */
  readonly reason: string;
  readonly message: string;
}

export function refuse(reason: string, message: string): Refusal {
  return { refused: true, reason, message };
}
