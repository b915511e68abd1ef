// Lets isomorphic-git fetch from a repository whose HEAD names a branch that does not exist.

const FIRST_LINE = /^([0-9a-f]{4}# service=git-upload-pack\n0000)([0-9a-f]{4})([0-9a-f]{40} [^\0\n]+\0)([^\n]*)/;
const SYMREF = ' symref=HEAD:refs/heads/main';

/**
 * The beginning of a ref advertisement (protocol 0), with a name for HEAD when the server gave none.
 * Note: without one isomorphic-git 1.44 looks HEAD up among the refs to report a default branch, and fails the whole fetch
 * when it is not there. Such repositories are common here: a repository of status branches only has no `main`. The name
 * is used for that report alone, which we do not read.
 */
export function nameHead(start: Buffer): Buffer {
  const text = start.toString('latin1');
  const found = FIRST_LINE.exec(text);
  if (found === null || text.includes('symref=HEAD:')) return start;
  const [whole, service = '', length = '', ref = '', capabilities = ''] = found;
  const longer = (Number.parseInt(length, 16) + SYMREF.length).toString(16).padStart(4, '0');
  const line = `${service}${longer}${ref}${capabilities}${SYMREF}`;
  return Buffer.concat([Buffer.from(line, 'latin1'), start.subarray(whole.length)]);
}
