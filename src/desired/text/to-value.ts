// Converts one YAML syntax tree into a plain JSON value and refuses everything that is dangerous or ambiguous.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';

import type { ProblemCode } from '../../api/codes/problems.ts';
import { clip } from '../../lib/clip.ts';
import { toDotted, type Path } from '../../lib/json-pointer.ts';
import { invisibleIn } from './invisible.ts';
import { keyMaterialIn } from './key-material.ts';
import type { Places } from './places.ts';

/** Limits of nesting, values (with aliases resolved), text length and aliases. A node has some tens of values. */
export const LIMITS = { depth: 48, values: 20_000, textLength: 64 * 1024, aliases: 100 } as const;

export const SOPS_ADVICE =
  'the file is encrypted with SOPS and is not decrypted here: commit it as plain text, keep secrets in a Kubernetes Secret and name that';

export interface ValueProblem {
  readonly code: ProblemCode;
  readonly offset: number;
  readonly message: string;
}

export interface Conversion {
  /** Not valid when there are problems. */
  readonly value: unknown;
  readonly problems: readonly ValueProblem[];
}

interface Walk {
  readonly places: Places;
  readonly problems: ValueProblem[];
  readonly anchors: Map<string, Node>;
  values: number;
  aliases: number;
}

/**
 * The JSON value of a YAML node. Linear in the size of the document: duplicate keys are found with a set, aliases are
 * limited by number and by the values that they add. Stores the positions of all values in `places`.
 */
export function toValue(root: Node | null, places: Places): Conversion {
  const walk: Walk = { places, problems: [], anchors: new Map(), values: 0, aliases: 0 };
  const value = root === null ? null : convert(walk, root, { path: [], offset: root.range?.[0] ?? 0 });
  return { value, problems: walk.problems };
}

interface Site {
  readonly path: Path;
  readonly offset: number;
  readonly key?: number;
  /** Inside an alias, all positions are those of the alias. */
  readonly aliased?: boolean;
}

function convert(walk: Walk, node: Node, site: Site): unknown {
  walk.values += 1;
  if (walk.values > LIMITS.values)
    return addProblemOnce(walk, site, {
      code: 'TooManyValues',
      message: `more than ${LIMITS.values} values in one document`,
    });
  if (site.path.length > LIMITS.depth)
    return addProblemOnce(walk, site, { code: 'TooDeep', message: `nested deeper than ${LIMITS.depth} levels` });
  walk.places.add(site.path, site.key === undefined ? { value: site.offset } : { key: site.key, value: site.offset });
  if (isAlias(node)) return resolveAlias(walk, node.source, site);
  if (node.tag !== undefined && !CORE_TAGS.has(node.tag))
    return addProblem(walk, site, {
      code: 'UnknownTag',
      message: `the tag ${clip(node.tag, 40)} is not allowed: plain YAML 1.2 values only`,
    });
  const value = convertPlain(walk, node, site);
  // Set after its content was read, so that an anchor cannot contain itself.
  if ('anchor' in node && node.anchor !== undefined) walk.anchors.set(node.anchor, node);
  return value;
}

const CORE_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

function convertPlain(walk: Walk, node: Node, site: Site): unknown {
  if (isMap(node)) return convertMap(walk, node, site);
  if (isSeq(node)) return convertSeq(walk, node, site);
  return isScalar(node) ? convertScalar(walk, node, site) : null;
}

function resolveAlias(walk: Walk, name: string, site: Site): unknown {
  const target = walk.anchors.get(name);
  if (target === undefined)
    return addProblem(walk, site, {
      code: 'BadAlias',
      message: `the alias *${clip(name, 40)} has no complete anchor before it: define &${clip(name, 40)} first, or put the value in quotes if it is a text`,
    });
  walk.aliases += 1;
  if (walk.aliases > LIMITS.aliases)
    return addProblemOnce(walk, site, {
      code: 'TooManyAliases',
      message: `more than ${LIMITS.aliases} aliases in one document; write the values out`,
    });
  return convert(walk, target, { ...site, aliased: true });
}

function convertMap(walk: Walk, map: YAMLMap, site: Site): unknown {
  const result: Record<string, unknown> = {};
  for (const pair of map.items) {
    const key = keyOf(walk, pair, site);
    if (key === undefined) continue;
    if (Object.hasOwn(result, key.name)) {
      addProblem(
        walk,
        { ...site, offset: key.offset },
        {
          code: 'DuplicateKey',
          message: `${dotted(site.path, key.name)} occurs twice; ${onceMore(site.path, key.name)}`,
        },
      );
      continue;
    }
    const below = {
      ...site,
      path: [...site.path, key.name],
      key: key.offset,
      offset: site.aliased ? site.offset : startOf(pair.value, key.offset),
    };
    result[key.name] = isNode(pair.value) ? convert(walk, pair.value, below) : emptyValue(walk, below);
  }
  checkNamedValue(walk, result, site);
  return result;
}

/** Two objects without a line between them look like one. */
function onceMore(path: Path, name: string): string {
  const isHead = path.length === 0 && (name === 'apiVersion' || name === 'kind');
  return isHead ? 'remove one, or put a line --- before it if another object begins here' : 'remove one';
}

function emptyValue(walk: Walk, site: Site): null {
  walk.places.add(site.path, site.key === undefined ? { value: site.offset } : { key: site.key, value: site.offset });
  return null;
}

/** `{name: JWT_SECRET, value: 4f…}`: the name of the value is in the member beside it. */
function checkNamedValue(walk: Walk, map: Readonly<Record<string, unknown>>, site: Site): void {
  if (typeof map['name'] !== 'string' || typeof map['value'] !== 'string') return;
  const found = keyMaterialIn(map['name'], map['value']);
  if (found !== undefined && keyMaterialIn('value', map['value']) === undefined)
    addKeyProblem(walk, { ...site, path: [...site.path, 'value'] }, found);
}

function keyOf(walk: Walk, pair: Pair, site: Site): { readonly name: string; readonly offset: number } | undefined {
  const { key } = pair;
  const offset = site.aliased ? site.offset : startOf(key, site.offset);
  const at = { ...site, offset };
  if (!isScalar(key) || key.value === null || typeof key.value === 'object') {
    const advice = isMap(key) ? ': a value that begins with {{ needs quotes, and templates are not filled in here' : '';
    addProblem(walk, at, { code: 'BadKey', message: `a key must be a text${advice}` });
    return undefined;
  }
  const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
  const trouble = badKey(name);
  if (trouble === undefined) return { name, offset };
  addProblem(walk, at, trouble);
  return undefined;
}

function badKey(name: string): Fault | undefined {
  if (name === '__proto__' || name === 'constructor' || name === 'prototype')
    return { code: 'ForbiddenKey', message: `the key ${name} is not allowed` };
  if (name === '<<')
    return {
      code: 'MergeKey',
      message: 'merge keys (<<) are not part of YAML 1.2: write the fields out, or use the defaults in fleet.yaml',
    };
  const invisible = invisibleIn(name);
  if (invisible !== undefined)
    return {
      code: 'BadKey',
      message: `the key contains ${invisible.name}, which an editor does not show as such: delete it, and type a normal space where one is meant`,
    };
  return name.length > 1024 ? { code: 'TextTooLong', message: 'a key is longer than 1024 characters' } : undefined;
}

function convertSeq(walk: Walk, seq: YAMLSeq, site: Site): unknown {
  return seq.items.map((item, index) => {
    const below = {
      path: [...site.path, index],
      offset: site.aliased ? site.offset : startOf(item, site.offset),
      ...(site.aliased ? { aliased: true } : {}),
    };
    return isNode(item) ? convert(walk, item, below) : emptyValue(walk, below);
  });
}

function convertScalar(walk: Walk, scalar: Scalar, site: Site): unknown {
  const { value } = scalar;
  if (typeof value === 'number') return checkNumber(walk, value, { ...site, source: scalar.source ?? '' });
  if (typeof value === 'bigint')
    return addProblem(walk, site, { code: 'BadNumber', message: `${toDotted(site.path)}: the number is too large` });
  if (typeof value !== 'string') return value ?? null;
  if (value.length > LIMITS.textLength)
    return addProblem(walk, site, {
      code: 'TextTooLong',
      message: `${toDotted(site.path)}: longer than ${LIMITS.textLength} characters`,
    });
  if (value.startsWith('ENC[AES256_GCM,'))
    return addProblemOnce(walk, site, { code: 'SopsEncrypted', message: SOPS_ADVICE });
  const found = keyMaterialIn(String(site.path.at(-1) ?? ''), value);
  return found === undefined ? value : addKeyProblem(walk, site, found);
}

function checkNumber(walk: Walk, value: number, site: Site & { readonly source: string }): unknown {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return value;
  const source = clip(site.source, 30);
  return addProblem(walk, site, {
    code: 'BadNumber',
    message: `${toDotted(site.path)}: the number ${source} cannot be represented exactly; if it is a text, write "${source}"`,
  });
}

function addKeyProblem(walk: Walk, site: Site, found: string): null {
  return addProblem(walk, site, {
    code: 'KeyMaterial',
    message: `${toDotted(site.path)} looks like ${found}: keys must not be in Git. Put it into a Secret and name that in spec.identity.secretName. All readers of the repository know this key: replace it`,
  });
}

type Fault = Pick<ValueProblem, 'code' | 'message'>;

function addProblem(walk: Walk, site: Site, { code, message }: Fault): null {
  if (walk.problems.length < 50) walk.problems.push({ code, offset: site.offset, message });
  return null;
}

function addProblemOnce(walk: Walk, site: Site, fault: Fault): null {
  return walk.problems.some(({ code }) => code === fault.code) ? null : addProblem(walk, site, fault);
}

function dotted(path: Path, name: string): string {
  return toDotted([...path, clip(name, 60)]);
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);
}

function startOf(node: unknown, otherwise: number): number {
  return isNode(node) ? (node.range?.[0] ?? otherwise) : otherwise;
}
