// All files together: precedence, conflicts, broken shared files, and the cache.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ANNOTATION, LABEL } from '../../src/api/group.ts';
import { createReadCache } from '../../src/desired/read-cache.ts';
import { completePolicy } from '../../src/desired/policy-file.ts';
import { nodesOf, readDesired } from '../../src/desired/read.ts';
import { parseFile } from '../../src/desired/text/parse.ts';
import { describeProblem } from '../../src/desired/text/problem.ts';
import { decodeSource } from '../../src/desired/source-text.ts';
import { FLEET, nodeFile, read, sources } from '../support/desired-files.ts';

const patch = (name: string, match: string, operations: string): string =>
  `apiVersion: validatoros.com/v1alpha1\nkind: FleetPatch\nmetadata: { name: ${name} }\nspec:\n  match: ${match}\n  patch:\n${operations}`;
const withIdentity = (name: string, secret: string): string =>
  `${nodeFile(name)}  identity: { secretName: ${secret} }\n`;
const errorsOf = (set: ReturnType<typeof read>): string[] =>
  set.problems.filter(({ level }) => level === 'error').map(describeProblem);
const KEY = 'novacula-system/eth-0';

describe('a good repository', () => {
  it('gives every node its namespace, labels, annotation, executor and defaults', () => {
    const set = read({ 'nodes/deep/down/eth-0.yml': nodeFile('eth-0') });
    const { node, line } = set.nodes.get(KEY) ?? {};
    expect(line).toBe(4);
    expect(node?.metadata).toEqual({
      name: 'eth-0',
      namespace: 'novacula-system',
      labels: {
        [LABEL.node]: 'eth-0', [LABEL.managedBy]: 'nodewright', [LABEL.chain]: 'ethereum', [LABEL.network]: 'hoodi', [LABEL.executor]: 'demo',
      }, // prettier-ignore
      annotations: { [ANNOTATION.file]: 'nodes/deep/down/eth-0.yml' },
    });
    expect(node?.spec).toMatchObject({ executor: 'demo', nodeType: 'full', deletionPolicy: 'Retain' });
    expect(set.counts).toEqual({ files: 2, nodeFiles: 1, objects: 2 });
  });

  it('finds no fault with an executor that fleet.yaml lists, or when it lists none', () => {
    const unlisted = (executor: string, fleet = FLEET): unknown =>
      readDesired(sources({ 'fleet.yaml': fleet }), { defaultNamespace: 'x', executor }).unlisted;
    expect(unlisted('demo')).toBeUndefined();
    expect(unlisted('dem', FLEET.replace(/.*executors:.*\n/, ''))).toBeUndefined();
    expect(unlisted('dem')).toMatchObject({
      level: 'error',
      code: 'UnknownExecutor',
      file: 'fleet.yaml',
      line: FLEET.split('\n').findIndex((line) => line.includes('executors:')) + 1,
      message: expect.stringContaining('"dem" is not an executor of the Fleet; it lists demo.'),
    });
  });

  it('reads several documents of one file and reports each problem once', () => {
    const set = read({
      'nodes/two.yaml': `${nodeFile('eth-0')}---\n${nodeFile('eth-1', (text) => text.replace('2Ti', 'x'))}`,
    });
    expect([...set.nodes.keys()]).toEqual([KEY]);
    expect([...set.brokenNodes]).toEqual(['novacula-system/eth-1']);
    expect(errorsOf(set)).toEqual([
      'nodes/two.yaml:26:19 error InvalidValue spec.storage.data.size: must be a Kubernetes quantity such as "500m", "4" or "100Gi", but is "x"',
    ]);
  });

  it('ignores other files, and warns of those that may be a mistake', () => {
    const set = read({
      'README.md': '# x', 'nodes/README.md': '# x', '.github/workflows/x.yaml': 'a: [', 'schemas/x.json': '{', 'nodes/.gitkeep': '',
      'nodes/x.json': '{}', 'patches/a/b.yaml': 'x', 'nodes/.x.yaml': 'x',
    }); // prettier-ignore
    expect(set.problems.map(({ level, code, file }) => `${level} ${code} ${file}`)).toEqual([
      'warning FileNotRead nodes/x.json',
      'warning FileNotRead patches/a/b.yaml',
    ]);
  });

  it('warns that a folder which is a link is not read', () => {
    const link = { path: 'nodes', oid: 'l1', trouble: { code: 'NotAFile', message: 'is a symlink' } } as const;
    const { problems } = readDesired([link], { defaultNamespace: 'novacula-system' });
    expect(problems.map(({ code, file, message }) => `${code} ${file} ${message}`)).toContain(
      'FileNotRead nodes not read: it must be a folder, not a file or a link',
    );
  });

  it('reports a file that could not be read with the given reason', () => {
    const trouble = { code: 'NotAFile', message: 'symbolic links are not followed' } as const;
    const set = readDesired([{ path: 'nodes/x.yaml', oid: 'a', trouble }], { defaultNamespace: 'n' });
    expect(errorsOf(set)).toEqual(['nodes/x.yaml:1:1 error NotAFile symbolic links are not followed']);
    expect(set.unreadableFiles).toEqual(new Set(['nodes/x.yaml']));
  });

  it('selects the nodes of one executor', () => {
    const fleet = FLEET.replace('[{ name: demo }]', '[{ name: demo }, { name: other }]\n  defaultExecutor: demo');
    const set = read({
      'fleet.yaml': fleet,
      'nodes/a.yaml': nodeFile('a'),
      'nodes/b.yaml': `${nodeFile('b')}  executor: other\n`,
    });
    expect([...nodesOf(set, 'other').keys()]).toEqual(['novacula-system/b']);
    expect([...nodesOf(set, 'demo').keys()]).toEqual(['novacula-system/a']);
  });
});

describe('defaults and patches', () => {
  const defaults = `${FLEET}  defaults:
    all: { deletionPolicy: Delete, serviceType: NodePort, cosmos: {}, clients: { el: { name: geth, version: "1.0.0" } } }
    chains:
      ethereum: { serviceType: LoadBalancer, tolerations: [{ key: a }] }
`;

  it('prefers the node, then its chain, then all; lists are replaced whole', () => {
    const set = read({ 'fleet.yaml': defaults, 'nodes/a.yaml': `${nodeFile('eth-0')}  tolerations: [{ key: b }]\n` });
    expect(set.nodes.get(KEY)?.node.spec).toMatchObject({
      deletionPolicy: 'Delete',
      serviceType: 'LoadBalancer',
      tolerations: [{ key: 'b' }],
      clients: { el: { name: 'geth', version: '1.16.7' } },
    });
    expect(set.nodes.get(KEY)?.node.spec).not.toHaveProperty('cosmos');
  });

  it('does not give the default version of one client to another', () => {
    const file = nodeFile('eth-0', (text) => text.replace('{ name: geth, version: "1.16.7" }', '{ name: reth }'));
    const set = read({ 'fleet.yaml': defaults, 'nodes/a.yaml': file });
    expect(set.nodes.get(KEY)?.node.spec.clients['el']).toEqual({ name: 'reth' });
  });

  it('applies patches by file path, the later one on the result of the earlier', () => {
    const set = read({
      'nodes/a.yaml': nodeFile('eth-0'),
      'patches/b.yaml': patch(
        'b',
        '{ chain: ethereum }',
        '    - { op: test, path: /clients/el/version, value: "1.16.8" }\n    - { op: replace, path: /clients/el/version, value: "1.16.9" }\n',
      ),
      'patches/a.yaml': patch(
        'a',
        '{ network: hoodi }',
        '    - { op: replace, path: /clients/el/version, value: "1.16.8" }\n',
      ),
      'patches/c.yaml': patch('c', '{ names: [other] }', '    - { op: remove, path: /clients }\n'),
    });
    expect(errorsOf(set)).toEqual([]);
    expect(set.nodes.get(KEY)?.node.spec.clients['el']?.version).toBe('1.16.9');
  });

  const wrong = [
    {
      because: 'a patch that does not fit points at its operation, once for all nodes',
      files: { 'patches/p.yaml': patch('p', '{}', '    - { op: remove, path: /nothing }\n') },
      errors: [
        'patches/p.yaml:7:27 error PatchFailed spec.patch[0]: /nothing does not exist; correct the patch or narrow spec.match (breaks novacula-system/eth-0 and 1 more)',
      ],
    },
    {
      because: 'a patch that makes a node invalid points at its operation',
      files: { 'patches/p.yaml': patch('p', '{}', '    - { op: add, path: /nodeType, value: fool }\n') },
      errors: [
        'patches/p.yaml:7:24 error InvalidValue spec.nodeType: must be one of full, archive, validator, but is "fool" (breaks novacula-system/eth-0 and 1 more)',
      ],
    },
    {
      because: 'a bad default points into fleet.yaml',
      files: { 'fleet.yaml': `${FLEET}  defaults: { all: { nodeTyp: full } }\n` },
      errors: [
        'fleet.yaml:6:22 error UnknownField spec.nodeTyp: unknown field; did you mean "nodeType"? (breaks novacula-system/eth-0 and 1 more)',
      ],
    },
    {
      because: 'a patch can not touch a prototype',
      files: { 'patches/p.yaml': patch('p', '{}', '    - { op: add, path: /__proto__/polluted, value: 1 }\n') },
      errors: [
        'patches/p.yaml:7:24 error PatchFailed spec.patch[0]: path /__proto__/polluted is not allowed; correct the patch or narrow spec.match (breaks novacula-system/eth-0 and 1 more)',
      ],
    },
    {
      because: 'a copy without its source breaks the nodes of its patch only',
      files: { 'patches/p.yaml': patch('p', '{}', '    - { op: copy, path: /podLabels }\n') },
      errors: [
        'patches/p.yaml:7:25 error PatchFailed spec.patch[0]: copy /podLabels needs from, the path to read from; correct the patch or narrow spec.match (breaks novacula-system/eth-0 and 1 more)',
      ],
    },
  ];
  it.each(wrong)('$because', ({ files, errors }) => {
    const set = read({ 'nodes/a.yaml': nodeFile('eth-0'), 'nodes/b.yaml': nodeFile('eth-1'), ...files });
    expect(errorsOf(set)).toEqual(errors);
    expect(set.nodes.size).toBe(0);
    expect(set.brokenNodes.size).toBe(2);
  });

  it('keeps only the nodes that a broken patch matches, if its match can be read', () => {
    const set = read({
      'nodes/a.yaml': nodeFile('eth-0'),
      'nodes/b.yaml': nodeFile('eth-1'),
      'patches/p.yaml': patch('p', '{ names: [eth-1] }', '    - { op: replce, path: /x }\n'),
    });
    expect([...set.nodes.keys()]).toEqual([KEY]);
    expect([...set.brokenNodes]).toEqual(['novacula-system/eth-1']);
  });

  it('keeps every node for an unreadable patch, so that a typing error does not undo its change', () => {
    const set = read({ 'nodes/a.yaml': nodeFile('eth-0'), 'patches/p.yaml': 'a: [' });
    expect(set.nodes.size).toBe(0);
    expect([...set.brokenNodes]).toEqual([KEY]);
  });
});

describe('fleet.yaml', () => {
  it('may be missing: a warning, and default values', () => {
    const set = readDesired(sources({ 'nodes/a.yaml': nodeFile('eth-0') }), { defaultNamespace: 'novacula-system' });
    expect(set.problems.map(({ level, code }) => `${level} ${code}`)).toEqual(['warning NoFleet']);
    expect(set.fleet.guards).toEqual({ maxDeletions: 5, maxDeletionPercent: 20 });
    expect(set.nodes.get(KEY)?.node.spec.executor).toBe('default');
  });

  const broken = [
    { because: 'a syntax error', text: 'spec: [' },
    { because: 'an unknown field', text: `${FLEET}  guard: {}\n` },
    { because: 'two Fleets', text: `${FLEET}---\n${FLEET}` },
    { because: 'no Fleet in it', text: '# empty\n' },
    { because: 'a wrong kind', text: FLEET.replace('kind: Fleet', 'kind: Flet') },
  ];
  it.each(broken)('declares nothing and keeps every node when it is broken by $because', ({ text }) => {
    const set = read({ 'fleet.yaml': text, 'nodes/a.yaml': nodeFile('eth-0') });
    expect(set.fleetBroken).toBe(true);
    expect(set.nodes.size).toBe(0);
    expect([...set.brokenNodes]).toEqual([KEY]);
    expect(set.brokenFiles).toEqual(new Set(['fleet.yaml', 'nodes/a.yaml']));
    expect(errorsOf(set)[0]).toMatch(/^fleet\.yaml:\d+:\d+ error /);
  });
});

describe('nodes that exclude each other', () => {
  it('refuses two nodes of one name, and a third is not affected', () => {
    const set = read({
      'nodes/a.yaml': nodeFile('eth-0'),
      'nodes/b/b.yaml': nodeFile('eth-0'),
      'nodes/c.yaml': nodeFile('eth-1'),
    });
    expect([...set.nodes.keys()]).toEqual(['novacula-system/eth-1']);
    expect(errorsOf(set)).toEqual([
      'nodes/a.yaml:4:9 error DuplicateNode metadata.name: novacula-system/eth-0 is also in nodes/b/b.yaml; keep one. Until then the node is not changed',
      'nodes/b/b.yaml:4:9 error DuplicateNode metadata.name: novacula-system/eth-0 is also in nodes/a.yaml; keep one. Until then the node is not changed',
    ]);
  });

  it('refuses a valid node when a broken one has its name, or differs only in case', () => {
    const set = read({ 'nodes/a.yaml': nodeFile('eth-0'), 'nodes/b.yaml': nodeFile('ETH-0') });
    expect(set.nodes.size).toBe(0);
    expect(set.problems.map(({ code }) => code)).toEqual(['DuplicateNode', 'InvalidValue']);
  });

  it('does not treat a Secret of the same name as a second node', () => {
    const set = read({
      'nodes/a.yaml': nodeFile('eth-0'),
      'nodes/b.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: eth-0}\n',
    });
    expect([...set.nodes.keys()]).toEqual([KEY]);
  });

  it("refuses a node whose name is that of another node's Service", () => {
    const set = read({
      'fleet.yaml': FLEET,
      'nodes/a.yaml': withIdentity('a', 'k'),
      'nodes/b.yaml': withIdentity('a-rpc', 'k2'),
    });
    expect([...set.nodes.keys()]).toEqual(['novacula-system/a']);
    expect(set.problems.map(describeProblem)).toEqual([
      'nodes/b.yaml:4:9 error ServiceNameTaken metadata.name: novacula-system/a has a Service of this name; give this node another name',
    ]);
  });

  it('refuses both signers of one key, across executors', () => {
    const fleet = FLEET.replace('[{ name: demo }]', '[{ name: demo }, { name: other }]\n  defaultExecutor: demo');
    const set = read({
      'fleet.yaml': fleet,
      'nodes/a.yaml': withIdentity('a', 'k'),
      'nodes/b.yaml': `${withIdentity('b', 'k')}  executor: other\n`,
      'nodes/c.yaml': withIdentity('c', 'k2'),
    });
    expect([...set.nodes.keys()]).toEqual(['novacula-system/c']);
    expect(set.problems.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual([
      'SharedIdentity 14:27',
      'SharedIdentity 14:27',
    ]);
  });

  it('allows one Secret name in two namespaces: they are two Secrets', () => {
    const other = withIdentity('b', 'k').replace('  name: b\n', '  name: b\n  namespace: other\n');
    const policy = completePolicy({ namespaces: ['**'] }, { namespace: 'novacula-system' });
    expect(read({ 'nodes/a.yaml': withIdentity('a', 'k'), 'nodes/b.yaml': other }, { policy }).nodes.size).toBe(2);
  });
});

describe('the cache', () => {
  it('gives the same result as a read without cache, and keeps the objects of unchanged files', () => {
    const cache = createReadCache();
    const files = { 'nodes/a.yaml': nodeFile('eth-0'), 'nodes/b.yaml': nodeFile('eth-1'), 'nodes/bad.yaml': 'a: [' };
    const first = read(files, { cache });
    const changed = { ...files, 'nodes/b.yaml': nodeFile('eth-1', (text) => text.replace('2Ti', '3Ti')) };
    const second = read(changed, { cache });
    expect(second).toEqual(read(changed));
    expect(second.nodes.get(KEY)?.node).toBe(first.nodes.get(KEY)?.node);
    expect(second.nodes.get('novacula-system/eth-1')?.node.spec.storage['data']?.size).toBe('3Ti');
  });

  it('reads a file again when a shared file changed', () => {
    const cache = createReadCache();
    read({ 'nodes/a.yaml': nodeFile('eth-0') }, { cache });
    const set = read({ 'fleet.yaml': FLEET.replace('demo', 'other'), 'nodes/a.yaml': nodeFile('eth-0') }, { cache });
    expect(set.nodes.get(KEY)?.node.spec.executor).toBe('other');
  });

  it('holds only the last read', () => {
    const cache = createReadCache();
    for (let turn = 0; turn < 20; turn++) read({ 'nodes/a.yaml': nodeFile(`eth-${turn}`) }, { cache });
    expect(cache.contents.size).toBe(2);
    expect(cache.nodes.size).toBe(1);
  });
});

describe('properties', () => {
  const yamlish = fc.array(fc.constantFrom('a', ': ', '\n', '  ', '- ', '[', ']', '{', '}', '"', "'", '&x ', '*x', '|', '>', '#', '---\n', '!!t ', '? ', ',', '\t', '<<', '1e999', 'kind', 'metadata', 'name', '\r\n', '%', '@', '\uFEFF')).map((parts) => parts.join('')); // prettier-ignore

  it('never throws for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlish), (text) => {
        const file = parseFile('nodes/x.yaml', text);
        for (const { line, column } of file.problems) expect(Math.min(line, column)).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the valid node beside a file with any JSON', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 3 }), (spec) => {
        const json = JSON.stringify({
          apiVersion: 'validatoros.com/v1alpha1',
          kind: 'BlockchainNode',
          metadata: { name: 'x' },
          spec,
        });
        const set = read({ 'nodes/x.yaml': json, 'nodes/good.yaml': nodeFile('good') });
        expect([...set.nodes.keys()]).toEqual(['novacula-system/good']);
      }),
      { numRuns: 100 },
    );
  });
});

describe('what the API server would refuse', () => {
  const withSpec = (name: string, lines: string): string => `${nodeFile(name)}${lines}`;

  it('refuses two nodes of one executor that open one node port, and names the other', () => {
    const open = (port: number): string => `  serviceType: NodePort\n  p2p: { port: ${port} }\n`;
    const set = read({
      'nodes/a.yaml': withSpec('a', open(30_000)),
      // Execution listens on 30001, consensus of the first node too.
      'nodes/b.yaml': withSpec('b', open(30_001)),
      'nodes/c.yaml': withSpec('c', open(30_010)),
    });
    expect([...set.nodes.keys()]).toEqual(['novacula-system/c']);
    expect(set.problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
      'DuplicatePort nodes/a.yaml',
      'DuplicatePort nodes/b.yaml',
    ]);
  });

  it.each([
    ['a priority class with a space', '  priorityClassName: "high prio"\n', 'InvalidValue'],
    ['an empty map of clients', (text: string) => text.replace(/clients:\n.*\n.*\n/, 'clients: {}\n'), 'MissingRole'],
    ['an empty map of volumes', (text: string) => text.replace(/storage:\n.*\n/, 'storage: {}\n'), 'MissingStorage'],
    ['a storage class with a space', (text: string) => text.replace('size: 2Ti', 'size: 2Ti, storageClass: "a b"'), 'InvalidValue'],
  ] as const)('refuses %s', (_what, change, code) => {
    const text = typeof change === 'string' ? withSpec('a', change) : nodeFile('a', change);
    expect(read({ 'nodes/a.yaml': text }).problems.map((one) => one.code)).toContain(code);
  }); // prettier-ignore

  it('refuses a controller version that the policy does not allow, and keeps the rest of the fleet', () => {
    const files = { 'fleet.yaml': `${FLEET}  controller: { version: "1.0.0" }\n`, 'nodes/a.yaml': nodeFile('a') };
    const set = read(files);
    expect(errorsOf(set)).toEqual([
      'fleet.yaml:6:26 error VersionNotAllowed spec.controller: this controller may not change its own version. Upgrade it with the chart, or set selfUpdate.enabled in its values (and not selfUpdate.allowed: false in its policy)',
    ]);
    expect([...set.nodes.keys()]).toEqual(['novacula-system/a']);
    const policy = completePolicy({ selfUpdate: { allowed: true } }, { namespace: 'novacula-system' });
    expect(errorsOf(read(files, { policy }))).toEqual([]);
  });

  it.each(['1.0.0 ', 'a b', '@sha256:00', 'sha256:00', '../x', ''])('refuses %j as a version', (version) => {
    const set = read({ 'fleet.yaml': `${FLEET}  controller: { version: ${JSON.stringify(version)} }\n` });
    expect(set.problems.map(({ code }) => code)).toContain('InvalidValue');
  });
});

it('warns of folders and files whose names differ only in case', () => {
  const set = read({ 'Nodes/a.yaml': 'a: b', 'Fleet.yaml': 'a: b' });
  expect(set.problems.map(({ level, code, file, message }) => `${level} ${code} ${file} ${message}`)).toEqual([
    'warning FileNotRead Fleet.yaml not read: name it fleet.yaml',
    'warning FileNotRead Nodes/a.yaml not read: the folder must be called nodes/',
  ]);
});

it('names a file that git-crypt encrypted', () => {
  const bytes = new Uint8Array([0, ...new TextEncoder().encode('GITCRYPT'), 0, 200, 7]);
  expect(decodeSource('nodes/a.yaml', 'a', bytes).trouble?.code).toBe('EncryptedFile');
  expect(decodeSource('nodes/a.yaml', 'a', bytes.slice(10)).trouble?.code).toBe('NotUtf8');
});
