// Schemas of numbers as nodes write them. What does not fit a safe integer is no number.

import { z } from 'zod';

/** `0x1a` → 26. */
export const HexNumber = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,16}$/)
  .transform(Number)
  .pipe(z.int().min(0));

/** `"26"` or 26 → 26. The beacon API and CometBFT write integers as text. */
export const DecimalNumber = z
  .union([
    z
      .string()
      .regex(/^\d{1,16}$/)
      .transform(Number),
    z.number(),
  ])
  .pipe(z.int().min(0));

/** A share from 0 to 1; clients overshoot a little, so it is cut to the range. */
export const Share = z
  .number()
  .min(-0.01)
  .max(2)
  .transform((share) => Math.min(1, Math.max(0, share)));
