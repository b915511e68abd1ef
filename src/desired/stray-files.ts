// Warns of files that look like documents of the repository but are not read.

import { FLEET_FILE } from '../api/fleet.ts';
import type { SourceFile } from './desired-set.ts';
import { kindsAt } from './kinds.ts';
import type { Problem } from './text/problem.ts';

/** Files in a known folder that are not YAML are not parsed. README and dotfiles cause no warning. */
export function strayFiles(files: readonly SourceFile[]): Problem[] {
  return files.flatMap((file) => {
    const message = reasonNotRead(file);
    return message === undefined
      ? []
      : [{ level: 'warning', code: 'FileNotRead', file: file.path, line: 1, column: 1, message } satisfies Problem];
  });
}

function reasonNotRead({ path, trouble }: SourceFile): string | undefined {
  const isRead = kindsAt(path).length > 0;
  if (isRead || isUnsaid(path)) return wrongTop(path);
  // A folder that is a link or a submodule has no name that would be right.
  return wrongTop(path) ?? (trouble === undefined ? wrongName(path) : `not read: ${trouble.message}`);
}

/** The Fleet or a folder under another name. */
function wrongTop(path: string): string | undefined {
  if (/^(nodes|patches|jobs|schedules)$/.test(path)) return 'not read: it must be a folder, not a file or a link';
  const folder = /^(nodes|patches|jobs|schedules)(?=\/)/i.exec(path)?.[0] ?? '';
  if (folder !== folder.toLowerCase()) return `not read: the folder must be called ${folder.toLowerCase()}/`;
  if (path !== FLEET_FILE && path.toLowerCase() === FLEET_FILE) return `not read: name it ${FLEET_FILE}`;
  return path.toLowerCase() === 'fleet.yml' ? `not read: name it ${FLEET_FILE}` : undefined;
}

function wrongName(path: string): string | undefined {
  const flat = /^(patches|schedules)\/.*\/.*\.ya?ml$/.exec(path)?.[1];
  if (flat !== undefined) return `not read: files of ${flat}/ must not be in subfolders; move it to ${flat}/`;
  return /^(nodes|patches|jobs|schedules)\//.test(path) ? 'not read: the name must end in .yaml or .yml' : undefined;
}

function isUnsaid(path: string): boolean {
  return (
    path.split('/').some((part) => part.startsWith('.')) ||
    /\.md$|(^|\/)(README|LICENSE|OWNERS|CODEOWNERS)[^/]*$/i.test(path)
  );
}
