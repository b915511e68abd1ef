// The lists of codes in this folder have the same shape as the error codes of `lib`.

export { defineCodes } from '../../lib/codes.ts';
