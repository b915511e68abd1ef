// File names as bytes: in memory a string with one character a byte (latin1), on paper UTF-8 with escapes.

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;
// Well-formed UTF-8 (RFC 3629 §4) as bytes; everything else is matched one byte at a time and escaped.
const SEQUENCE =
  /[\x20-\x24\x26-\x7e]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\s\S]/g;

/**
 * Bytes → text for a manifest or a message. Readable UTF-8 stays; `%`, control characters and bytes that are no UTF-8
 * become `%XX`. `readName` turns it back exactly.
 */
export function showName(bytes: string): string {
  if (PLAIN.test(bytes)) return bytes;
  return bytes.replaceAll(SEQUENCE, (part) => {
    if (part.length > 1 || PLAIN.test(part)) return Buffer.from(part, 'latin1').toString('utf8');
    return `%${part.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

/** Text of a manifest → bytes, or undefined when it is not what `showName` writes: each name has one spelling. */
export function readName(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const bytes = Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return showName(bytes) === text ? bytes : undefined;
}

/** Why a path inside a volume can't be used, or undefined: relative, no `.` or `..`, no empty part, no NUL. */
export function whyUnsafe(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.includes('\0')) return 'has a NUL byte';
  for (const part of path.split('/')) {
    if (part === '') return 'is absolute or has an empty part';
    if (part === '.' || part === '..') return `has the part "${part}"`;
    if (part.length > 255) return 'has a part longer than 255 bytes';
  }
  return undefined;
}

/** The name of an entry, from its path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Text of a parameter (plain UTF-8) → bytes. */
export function nameOfText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
