// What a signer state says, in words for messages and records.

import { z } from 'zod';

/** The text of a signer state that does not exist. */
export const NO_FILE = '';

const Signed = z.object({ height: z.string().regex(/^[0-9]{1,19}$/), round: z.int(), step: z.int() });

/** Height, round and step, and nothing else of the file. */
export function describeSigned(text: string | undefined): string {
  if (text === undefined || text === NO_FILE) return 'nothing signed';
  const signed = Signed.safeParse(fromJson(text));
  if (!signed.success) return 'unreadable';
  const { height, round, step } = signed.data;
  return `height ${height}, round ${round}, step ${step}`;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
