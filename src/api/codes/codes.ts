// The lists of codes of this folder have the same shape as the error codes of lib.

export { defineCodes } from '../../lib/codes.ts';
