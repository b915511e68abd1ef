import { globSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { GIT_CODES, KUBE_CODES, TASK_CODES } from '../../src/lib/error-codes.ts';
import { CodedError, codeOf, hasCode, hasSystemCode, systemCodeOf } from '../../src/lib/errors.ts';
import { isSystemCode } from '../../src/lib/system-codes.ts';

const SRC = join(import.meta.dirname, '../../src');

/** The text of a module without comparisons, so that what is left produces codes. */
function textOf(module: string): string {
  return globSync(`${SRC}/${module}/**/*.ts`)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    .replaceAll(/(?:===|!==|case) '\w+'|(?:isKubeError|hasCode)\([^)]*\)/g, '');
}

describe('the list of error codes', () => {
  it.each([
    { module: 'git', codes: GIT_CODES },
    { module: 'kube', codes: KUBE_CODES },
    { module: 'worker', codes: TASK_CODES },
  ])('has no code that $module does not produce', ({ module, codes }) => {
    const text = textOf(module);
    expect(Object.keys(codes).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  it('does not compile with a code that is not listed', () => {
    const error = new CodedError('FILE_TOO_LARGE', 'the file is too large');
    // @ts-expect-error the code is misspelt
    expect(codeOf(error) === 'FileTooLarge').toBe(false);
    // @ts-expect-error the code is misspelt
    expect(hasCode(error, 'FileTooLarge')).toBe(false);
    // @ts-expect-error the code is not listed
    expect(new CodedError('FileTooLarge', 'x').code).toBe('FileTooLarge');
    // @ts-expect-error the code is misspelt
    expect(hasSystemCode(error, 'ENOENTRY')).toBe(false);
  });
});

describe('the code of an error', () => {
  it('is that of its first cause which has one', () => {
    const own = new CodedError('NETWORK', 'no answer', {
      cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    });
    const outer = new Error('outer', { cause: own });
    expect([codeOf(outer), systemCodeOf(outer)]).toEqual(['NETWORK', 'ECONNRESET']);
    expect(hasCode(outer, 'CONFLICT', 'NETWORK')).toBe(true);
    expect(hasSystemCode(outer, 'ENOENT')).toBe(false);
  });

  it('is absent when the system or a library gave the error a code of its own', () => {
    const foreign = Object.assign(new Error('x'), { code: 'NotFoundError' });
    expect([codeOf(foreign), systemCodeOf(foreign)]).toEqual([undefined, undefined]);
    expect(codeOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBeUndefined();
  });
});

it('knows every error number of the operating system', () => {
  expect(Object.keys(constants.errno).filter((name) => !isSystemCode(name))).toEqual([]);
});
