// Finds files that look like documents of the repository but are not read.

import { FLEET_FILE } from '../api/fleet.ts';
import { CITA_API_VERSION, GROUP } from '../api/group.ts';
import { isObject, textAt } from '../lib/json-value.ts';
import type { SourceFile } from './desired-set.ts';
import { type GitKind, gitKinds, kindsAt } from './kinds.ts';
import { parseFile } from './text/parse.ts';
import { clip } from '../lib/clip.ts';
import type { Problem } from './text/problem.ts';
import { isInPlace, meantFolder } from './wanted.ts';

export interface StrayFiles {
  readonly problems: readonly Problem[];
  /** By `namespace/name` and `Kind/namespace/name`: what they declare keeps its last good state. */
  readonly nodes: readonly string[];
  readonly requests: readonly string[];
  /** A Fleet that is not in fleet.yaml: what it says is not known. */
  readonly fleet: boolean;
  /** Files that were put aside, by the ending that says so, with the nodes in them. */
  readonly aside: readonly AsideFile[];
}

interface AsideFile {
  readonly path: string;
  /** By `namespace/name`. */
  readonly nodes: readonly string[];
}

/**
 * A file that holds an object of ours and is not read is an error: its author waits for an effect. Other files in a known folder
 * cause a warning, also those that were put aside (`asideProblems`), README and dotfiles none.
 */
export function strayFiles(files: readonly SourceFile[], defaultNamespace: string): StrayFiles {
  const found = files.flatMap((file) => strayOf(file) ?? []);
  const keysOf = (role: GitKind['role']): readonly string[] =>
    found.flatMap(({ objects }) =>
      objects.filter(({ kind }) => kind.role === role).map((one) => keyOf(one, defaultNamespace)),
    );
  return {
    problems: found.map(({ problem }) => problem),
    nodes: keysOf('node'),
    requests: keysOf('request'),
    fleet: keysOf('fleet').length > 0,
    aside: files.flatMap((file) => asideOf(file, defaultNamespace) ?? []),
  };
}

/** `declared`: what other files declare, broken ones too. */
export function asideProblems(
  aside: readonly AsideFile[],
  declared: readonly Pick<ReadonlySet<string>, 'has'>[],
): readonly Problem[] {
  return aside.map(({ path, nodes }) => {
    const gone = nodes.filter((key) => !declared.some((keys) => keys.has(key)));
    const names = gone.map((key) => key.slice(key.indexOf('/') + 1));
    return warning(path, 'FileNotRead', `not read, because its name ends in ${ASIDE}${consequence(names)}`);
  });
}

/** Whether there is such a node is not known offline. */
function consequence(gone: readonly string[]): string {
  if (gone.length === 0) return '';
  const isOne = gone.length === 1;
  const [what, it] = isOne ? ['its node is deleted', 'it'] : ['their nodes are deleted', 'them'];
  return `. No other file declares ${clip(gone.join(', '), 200)}: ${what}, as far as there ${isOne ? 'is one' : 'are any'}; to keep ${it}, let the name of the file end in .yaml`;
}

interface OwnObject {
  readonly kind: GitKind;
  readonly name: string;
  readonly namespace: string | undefined;
}

interface Stray {
  readonly problem: Problem;
  /** Of one that is an error. */
  readonly objects: readonly OwnObject[];
}

function keyOf({ kind, name, namespace }: OwnObject, defaultNamespace: string): string {
  const key = `${namespace ?? defaultNamespace}/${name}`;
  return kind.role === 'request' ? `${kind.kind}/${key}` : key;
}

function strayOf(file: SourceFile): Stray | undefined {
  const { path } = file;
  if (isPutAside(path) && isInPlace(path)) return undefined;
  if (kindsAt(path).length > 0) return isEmpty(file) ? warned(path, 'EmptyFile', EMPTY) : undefined;
  const mistake = isUnsaid(path) ? wrongTop(path) : (misplaced(file) ?? reasonNotRead(file));
  if (mistake === undefined) return undefined;
  return typeof mistake === 'string' ? warned(path, 'FileNotRead', mistake) : mistake;
}

const EMPTY = 'the file is empty, so that it declares nothing: write its object, or delete the file';

/** A comment alone says that nothing is declared on purpose. fleet.yaml has its own error. */
function isEmpty({ path, text }: SourceFile): boolean {
  return path !== FLEET_FILE && text !== undefined && /^(\s|---|\.\.\.)*$/.test(text);
}

function warned(path: string, code: Problem['code'], message: string): Stray {
  return { problem: warning(path, code, message), objects: [] };
}

function warning(path: string, code: Problem['code'], message: string): Problem {
  return { level: 'warning', code, file: path, line: 1, column: 1, message };
}

const GROUPS = [GROUP, CITA_API_VERSION.replace(/\/.*/, '')].map((group) => group.replaceAll('.', '\\.'));
const OURS = new RegExp(`\\bapiVersion["']?\\s*:\\s*["']?(${GROUPS.join('|')})/`);

/** Whether a text has an object of the API groups that are read here. */
export function holdsOurs(text: string | undefined): boolean {
  return text !== undefined && OURS.test(text);
}

/** A file with an object of ours in another place than where its kind is read. */
function misplaced({ path, text, trouble }: SourceFile): Stray | undefined {
  if (trouble !== undefined || text === undefined || !holdsOurs(text)) return undefined;
  const objects = objectsIn(path, text);
  const [first] = objects;
  if (first === undefined) return undefined;
  const place = meantFolder(path.split('/').slice(0, -1));
  const isError = isInPlace(path) || place === undefined || place.isTop;
  const message = messageOf(path, first.kind);
  return isError
    ? { problem: { level: 'error', code: 'FileNotRead', file: path, line: 1, column: 1, message }, objects }
    : warned(path, 'FileNotRead', message);
}

/** The one ending that says that a file is not to be read. Any other one, such as `.yam` or `.yaml.bak`, may be an error of typing. */
const ASIDE = '.off';

function isPutAside(path: string): boolean {
  return path.endsWith(ASIDE);
}

function asideOf({ path, text, trouble }: SourceFile, defaultNamespace: string): AsideFile | undefined {
  if (!isPutAside(path) || isUnsaid(path) || !isInPlace(path)) return undefined;
  const objects = trouble === undefined && text !== undefined && holdsOurs(text) ? objectsIn(path, text) : [];
  const nodes = objects.filter(({ kind }) => kind.role === 'node');
  return { path, nodes: nodes.map((one) => keyOf(one, defaultNamespace)) };
}

function objectsIn(path: string, text: string): readonly OwnObject[] {
  const { documents, brokenNames } = parseFile(path, text);
  const read = documents.map(({ value }) => {
    const metadata = isObject(value['metadata']) ? value['metadata'] : {};
    return {
      kind: textAt(value, ['kind']),
      name: textAt(metadata, ['name']) ?? '',
      namespace: textAt(metadata, ['namespace']),
    };
  });
  return [...read, ...brokenNames].flatMap(({ kind: kindName, name, namespace }) => {
    const kind = gitKinds.find((one) => one.kind === kindName);
    return kind === undefined ? [] : [{ kind, name, namespace }];
  });
}

function messageOf(path: string, gitKind: GitKind): string {
  const { kind, place } = gitKind;
  if (isWrongEnding(path, gitKind))
    return `not read, although it holds a ${kind}, because its name does not end in .yaml or .yml: name it ${withEnding(path)}, or let its name end in ${ASIDE} if it is not meant to be read`;
  const target = targetOf(path, place);
  if (!place.endsWith('/')) return `not read, although it holds a ${kind}: name it ${target}`;
  const folder = meantFolder(path.split('/').slice(0, -1));
  if (folder?.isTop === true && folder.name !== folder.meant && `${folder.meant}/` === place)
    return `not read, although it holds a ${kind}; did you mean ${place}? Move it to ${target}`;
  return `not read, although it holds a ${kind}: that is read from ${place} at the top of the repository, from files that end in .yaml or .yml. Move it to ${target}`;
}

/** In the right place. */
function isWrongEnding(path: string, { place, deep }: GitKind): boolean {
  if (/\.ya?ml$/.test(path) || !place.endsWith('/') || !path.startsWith(place)) return false;
  return deep || !path.slice(place.length).includes('/');
}

/** The same name with the right ending in place of one that was mistyped or added. */
function withEnding(path: string): string {
  const name = path.replace(/\.(ya?ml|json|txt)(?![a-z0-9])[^/]*$|\.[a-z_~-]{1,5}$/i, '');
  return `${clip(name, 100)}.yaml`;
}

/** The same name in the right place. */
function targetOf(path: string, place: string): string {
  if (!place.endsWith('/')) return place;
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.(ya?ml|json|txt)$/i, '');
  return `${place}${clip(name, 60)}.yaml`;
}

function reasonNotRead({ path, trouble }: SourceFile): string | undefined {
  if (!isInPlace(path)) return undefined;
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
