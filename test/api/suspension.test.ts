// By what a node is suspended. Everything else asks the function that is tested here.

import { globSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { describeSuspension, suspensionOf, whySuspended } from '../../src/api/fleet.ts';

it.each([
  { because: 'nothing suspends it', fleet: {}, want: undefined },
  { because: 'the Fleet does', fleet: { suspend: true }, want: 'the Fleet is suspended' },
  { because: 'the Fleet does, and so do its folder and its spec', fleet: { suspend: true, suspendFolders: ['nodes'] }, spec: { suspend: true }, want: 'the Fleet is suspended' },
  { because: 'its folder does', fleet: { suspendFolders: ['nodes/b', 'nodes/a'] }, want: 'the folder nodes/a is suspended' },
  { because: 'its folder does, written with a slash', fleet: { suspendFolders: ['nodes/a/'] }, want: 'the folder nodes/a/ is suspended' },
  { because: 'a folder above does, and so does its spec', fleet: { suspendFolders: ['nodes'] }, spec: { suspend: true }, want: 'the folder nodes is suspended' },
  { because: 'a folder does whose name only begins like its own', fleet: { suspendFolders: ['nodes/a-b', 'node'] }, want: undefined },
  { because: 'it has no file', fleet: { suspendFolders: ['nodes'] }, file: undefined, want: undefined },
  { because: 'its spec does', fleet: { suspend: false, suspendFolders: [] }, spec: { suspend: true }, want: 'n0 is suspended' },
  { because: 'its spec says that it is not', fleet: {}, spec: { suspend: false }, want: undefined },
])('says what suspends a node where $because', ({ want, spec = {}, ...input }) => {
  const found = suspensionOf({ file: 'nodes/a/n0.yaml', spec, ...input });
  expect(found === undefined ? undefined : describeSuspension(found, 'n0')).toBe(want);
}); // prettier-ignore

it.each([
  [{ by: 'Fleet' }, 'the Fleet is suspended. Remove spec.suspend from fleet.yaml.'],
  [{ by: 'Folder', folder: 'nodes/a' }, 'the folder nodes/a is suspended. Remove it from spec.suspendFolders in fleet.yaml.'],
  [{ by: 'Node' }, 'the node is suspended. Remove spec.suspend from its file.'],
] as const)('says how %j ends', (suspension, words) => {
  expect(whySuspended(suspension)).toBe(words);
}); // prettier-ignore

/** Of JobSchedule and of batch/v1 Job, which have a field of the same name, and of the check of what is written in fleet.yaml. */
const OTHERS =
  /^(api|image|jobs\/requests\/schedule|jobs\/requests\/plan-requests|jobs\/task\/render-job|controller\/job\/schedules|controller\/job\/lost\/recover-lock|controller\/job\/observe-tasks|controller\/job\/perform-effect|desired\/fleet)\b/;

it('nothing else reads the fields that suspend', () => {
  const src = new URL('../../src/', import.meta.url).pathname;
  const readers = globSync('**/*.ts', { cwd: src }).filter((file) => {
    const code = readFileSync(src + file, 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*|`[^`]*`|'[^'\n]{20,}'/g, '');
    return !OTHERS.test(file) && /\bsuspend\b|\bsuspendFolders\b/.test(code);
  });
  expect(readers).toEqual([]);
});
