// Shortens untrusted text so that it fits into a one-line message.

import { capText, showInvisible, stripControls } from './clean-text.ts';

/** `text` on one line without control characters, at most `max` characters; a cut is shown by "…". */
export function clip(text: string, max = 80): string {
  const line = stripControls(text.slice(0, max * 4)).replaceAll(/\s+/g, ' ');
  return capText(line, max);
}

/** A JSON value as text for a message, clipped. Characters that cannot be seen are escaped. */
export function clipJson(value: unknown, max = 80): string {
  return clip(showInvisible(JSON.stringify(value)?.slice(0, max * 4) ?? 'nothing'), max);
}
