// The files of the status branch: their shape, their stability, and that no secret gets in.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { createRedactor } from '../../src/lib/redact.ts';
import { documents, documentText, type DocumentOptions } from '../../src/status/documents.ts';
import type { FleetView } from '../../src/status/fleet-view.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { aNode, facts, NOW, observe, withStatus } from './builders.ts';

const revision = 'main@sha1:363a6a8f0c2b4d5e6f708192a3b4c5d6e7f80912';
const HOUR = 3_600_000;
const options: DocumentOptions = { previous: new Map(), now: NOW, snapshotIntervalMs: HOUR };

function aView(parts: Partial<FleetView> = {}, sync: Partial<FleetView['sync']> = {}): FleetView {
  return {
    executor: 'paris',
    controllerVersion: '0.1.0',
    sync: { branch: 'main', seen: revision, applied: revision, problems: [], held: [], ...sync },
    capabilities: {
      chains: [
        { name: 'ethereum', networks: ['sepolia', 'hoodi'], customNetworks: true, nodeTypes: ['full'], roles: [{ name: 'el', clients: [{ name: 'geth', defaultVersion: '1.16.7', jobs: ['Backup'] }] }] },
        { name: 'bitcoin', networks: ['main'], customNetworks: false, nodeTypes: ['full'], roles: [] },
      ],
      storageClasses: [
        { name: 'slow', provisioner: 'p', isDefault: false, bindingMode: 'Immediate', expandable: false, warning: 'w' },
        { name: 'fast', provisioner: 'p', isDefault: true, bindingMode: 'WaitForFirstConsumer', expandable: true },
      ],
      features: ['jobs'],
      kubernetes: 'v1.36.3',
    },
    nodes: [{ node: withStatus(aNode(), nodeStatus(observe())), file: 'nodes/eth-0.yaml' }],
    ...parts,
  }; // prettier-ignore
}

const problem = {
  level: 'error',
  code: 'UnknownField',
  file: 'nodes/a.yaml',
  line: 6,
  column: 11,
  message: 'm',
} as const;
const NODE = 'paris/nodes/novacula-system/eth-0.yaml';

describe('documents', () => {
  it('writes one file for the sync, one for what it can do, one a node', async () => {
    const files = documents(aView(), options);
    expect([...files.keys()]).toEqual(['paris/capabilities.yaml', NODE, 'paris/sync.yaml']);
    const all = [...files].map(([path, text]) => `--- ${path}\n${text}`).join('');
    await expect(all).toMatchFileSnapshot('../golden/status/documents.txt');
  });

  it('lists schedules by name, and nothing where there are none', () => {
    const one = { file: 'schedules/x.yaml', kind: 'Backup', suspended: false, next: undefined, last: 'x-1' };
    const schedules = [
      { schedule: 'ns/b', ...one },
      { schedule: 'ns/a', ...one },
    ];
    const sync = parse(documents(aView({}, { schedules }), options).get('paris/sync.yaml') ?? '');
    const { next: _, ...shown } = one;
    expect(sync.schedules).toEqual([
      { schedule: 'ns/a', ...shown },
      { schedule: 'ns/b', ...shown },
    ]);
    expect(documents(aView({}, { schedules: [] }), options).get('paris/sync.yaml')).not.toContain('schedules');
  });

  it.each<{ because: string; sync: Partial<FleetView['sync']>; state: string }>([
    { because: 'the latest commit is applied', sync: {}, state: 'Synced' },
    { because: 'no commit was read', sync: { seen: undefined, applied: undefined }, state: 'Waiting' },
    { because: 'a commit is under way', sync: { applied: 'main@sha1:00' }, state: 'Progressing' },
    { because: 'a file has an error', sync: { problems: [problem] }, state: 'Degraded' },
    { because: 'a warning alone is no fault', sync: { problems: [{ ...problem, level: 'warning' }] }, state: 'Synced' },
    { because: 'Git does not answer', sync: { gitTrouble: 'timeout' }, state: 'Degraded' },
    { because: 'the cluster does not answer', sync: { clusterTrouble: 'timeout' }, state: 'Degraded' },
    { because: 'the fleet is suspended', sync: { suspended: true }, state: 'Suspended' },
    {
      because: 'a deletion waits for an approval',
      sync: {
        heldDigest: `sha256:${'ab'.repeat(32)}`,
        held: [
          {
            do: 'delete', ref: { apiVersion: 'v', kind: 'BlockchainNode', namespace: 'n', name: 'x' }, because: 'its file is gone',
            uid: 'u', keepsVolumes: true, hold: { guard: 'DeletionBudget', message: 'too many', release: 'approve', approvable: true },
          },
        ],
      },
      state: 'Held',
    },
  ])('$state: $because', ({ sync, state }) => {
    const text = documents(aView({}, sync), options).get('paris/sync.yaml') ?? '';
    expect(parse(text)).toMatchObject({ state });
    expect(text.includes(`sha256:${'ab'.repeat(32)}`)).toBe(state === 'Held');
  }); // prettier-ignore

  it('says that a broken fleet.yaml keeps everything from being applied, and errors beside held actions', () => {
    const summaryOf = (sync: Partial<FleetView['sync']>): string =>
      parse(documents(aView({}, { problems: [problem], ...sync }), options).get('paris/sync.yaml') ?? '').summary;
    const ref = { apiVersion: 'v', kind: 'BlockchainNode', namespace: 'n', name: 'x' };
    const hold = { guard: 'Protected', message: 'm', release: 'r', approvable: true } as const;
    const held = [{ do: 'delete', ref, because: 'gone', uid: 'u', keepsVolumes: true, hold }] as const;
    expect(summaryOf({ fleetBroken: true })).toMatch(/^fleet\.yaml has an error: nothing is applied/);
    expect(summaryOf({})).toMatch(
      /^1 error in files\. .*last good state, .*not created, .*job requests .*not carried out; a job that was claimed before .* continues\.$/,
    );
    expect(summaryOf({ held })).toMatch(/^1 action held: .* 1 error in files\. /);
  });

  it('says that fleet.yaml does not list the executor, apart from errors in files', () => {
    const unlisted = '"paris" is not an executor of the Fleet; it lists primary';
    const own = { ...problem, code: 'UnknownExecutor', message: unlisted } as const;
    const syncOf = (problems: FleetView['sync']['problems']) =>
      parse(documents(aView({}, { problems, unlisted }), options).get('paris/sync.yaml') ?? '');
    expect(syncOf([own])).toMatchObject({
      state: 'Degraded',
      summary: `Nothing can belong to this executor: ${unlisted}.`,
    });
    expect(syncOf([own, problem]).summary).toMatch(/it lists primary\. 1 error in files\. /);
  });

  it('lists what is kept as it is, in order', () => {
    const ref = { apiVersion: 'v', kind: 'BlockchainNode', namespace: 'n' };
    const kept = ['b', 'a'].map((name) => ({ ref: { ...ref, name }, because: 'its file is broken' }));
    const sync = parse(documents(aView({}, { kept }), options).get('paris/sync.yaml') ?? '');
    expect(sync.kept.list.map(({ node }: { node: string }) => node)).toEqual([
      'BlockchainNode n/a',
      'BlockchainNode n/b',
    ]);
  });

  it('shows the first hundred problems, errors before warnings, and says how many there are', () => {
    const problems = Array.from({ length: 250 }, (_, index) => ({
      ...problem,
      line: index,
      level: index < 240 ? ('warning' as const) : ('error' as const),
    }));
    const sync = parse(documents(aView({}, { problems }), options).get('paris/sync.yaml') ?? '');
    expect(sync.problems).toMatchObject({ total: 250, truncated: true });
    expect(sync.problems.list).toHaveLength(100);
    expect(sync.problems.list[0]).toMatchObject({ level: 'error', place: 'nodes/a.yaml:240:11' });
  });

  it('has files for the policy and the memory where they are known', () => {
    const files = documents(aView({ nodes: [], policy: { namespaces: ['a'] }, memory: { origin: 'o' } }), options);
    expect([...files.keys()]).toEqual(['capabilities', 'memory', 'policy', 'sync'].map((name) => `paris/${name}.yaml`));
    expect(parse(files.get('paris/memory.yaml') ?? '')).toEqual({ origin: 'o' });
    expect(parse(files.get('paris/policy.yaml') ?? '')).toEqual({ namespaces: ['a'] });
  });

  it.each([
    { name: 'a', isWritten: true },
    { name: 'a.b-c', isWritten: true },
    { name: 'a'.repeat(248), isWritten: true },
    { name: '-a', isWritten: false },
    { name: 'A', isWritten: false },
    { name: 'a b', isWritten: false },
    { namespace: 'n', name: 'a', isWritten: true },
    { namespace: 'n'.repeat(182), name: 'a'.repeat(200), isWritten: true },
    { namespace: 'n'.repeat(183), name: 'a'.repeat(200), isWritten: false },
  ])('writes the node $name: $isWritten', ({ namespace = 'novacula-system', name, isWritten }) => {
    const files = documents(aView({ nodes: [{ node: aNode({}, { namespace, name }) }] }), options);
    expect(files.has(`paris/nodes/${namespace}/${name}.yaml`)).toBe(isWritten);
  });

  it('shows a node of which nothing is known yet', () => {
    const text = documents(aView({ nodes: [{ node: aNode() }] }), options).get(NODE) ?? '';
    expect(parse(text)).toMatchObject({
      status: { phase: 'Pending', conditions: [], roles: [] },
      snapshot: { takenAt: '2026-03-01T12:00:00Z', phase: 'Pending', roles: [] },
    });
  });

  it('writes an object that stands in two places twice', () => {
    const one = { a: [1] };
    expect(documentText({ x: one, y: one })).toMatch(/x:\n {2}a:\n {4}- 1\ny:\n {2}a:\n {4}- 1\n$/);
  });

  it('gives a node that goes to another executor another path', () => {
    const nodes = [{ node: aNode() }];
    for (const executor of ['paris', 'tokyo'])
      expect([...documents(aView({ executor, nodes }), options).keys()]).toContain(`${executor}/nodes/novacula-system/eth-0.yaml`);
  }); // prettier-ignore

  it('leaves out what can not be a path', () => {
    const nodes = [{ node: aNode({}, { name: '../../escape' }) }, { node: aNode({}, { namespace: '..' }) }];
    expect([...documents(aView({ nodes }), options).keys()]).toEqual(['paris/capabilities.yaml', 'paris/sync.yaml']);
  });

  it('are what each redactor makes of them, however often they were written before', () => {
    const texts = { a: 'hunter2', b: 'hunter2 is it', hunter2: 'c', d: `\u001b[1mhunter2`, e: 'password: hunter3' };
    const redactor = createRedactor(['hunter2']);
    const write = (how?: typeof redactor): string => documentText(texts, how);
    const open = write();
    const closed = write(redactor);
    expect(open).toContain('a: hunter2');
    expect(open).not.toContain('hunter3');
    expect(closed).not.toContain('hunter');
    expect([write(), write(redactor), write(), write(redactor)]).toEqual([open, closed, open, closed]);
  });

  it('caps fields and files', () => {
    const long = parse(documentText({ a: 'x'.repeat(100_000) }));
    expect(long.a).toHaveLength(4_096);
    const big = documentText({ a: Array.from({ length: 1_000 }, () => 'y'.repeat(4_000)) });
    expect(big.length).toBeLessThan(1_000);
    expect(parse(big)).toHaveProperty('tooLarge');
  });
});

describe('stability', () => {
  const first = documents(aView(), options);
  const seen = (minutes: number, el: object) => {
    const now = NOW + minutes * 60_000;
    const node = withStatus(aNode(), nodeStatus(observe({ facts: facts(el) })));
    return documents(aView({ nodes: [{ node, file: 'nodes/eth-0.yaml' }] }), { ...options, now, previous: first });
  };

  it('gives the same bytes for the same facts at another time', () => {
    expect(seen(600, {})).toEqual(first);
  });

  it('gives the same bytes while only heights move, until the snapshot is old', () => {
    expect(seen(59, { height: 1_300 })).toEqual(first);
    expect(parse(seen(61, { height: 1_300 }).get(NODE) ?? '').snapshot.height).toBe(1_300);
  });

  it.each([
    { minutes: 0, height: 1_000 },
    { minutes: -1, height: 1_300 },
  ])('$minutes minutes after the snapshot shows the height $height', ({ minutes, height }) => {
    // A time ahead of the clock would never get old.
    expect(parse(seen(minutes, { height: 1_300 }).get(NODE) ?? '').snapshot.height).toBe(height);
  });

  it('takes new figures when the phase changes', () => {
    expect(parse(seen(1, { height: 1_300, syncing: true }).get(NODE) ?? '').snapshot.height).toBe(1_300);
  });

  it.each(['', '{', 'snapshot: 3', 'snapshot: {takenAt: x, phase: Running}', '&a [*a, *a]', '\u0000'])(
    'survives the previous document %j',
    (text) => {
      expect(documents(aView(), { ...options, previous: new Map([[NODE, text]]) })).toEqual(first);
    },
  );

  it('does not depend on the order of keys, nodes, problems', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 }), (order) => {
        const problems = order.map((line) => ({ ...problem, line }));
        const nodes = order.map((index) => ({ node: aNode({}, { name: `n-${index}` }) }));
        const sorted = documents(
          aView(
            { nodes: nodes.toSorted((a, b) => (a.node.metadata.name < b.node.metadata.name ? -1 : 1)) },
            { problems: problems.toSorted((a, b) => a.line - b.line) },
          ),
          options,
        );
        expect([...documents(aView({ nodes }, { problems }), options)]).toEqual([...sorted]);
      }),
    );
  });

  it('gives text that reads back as the same value, for every value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const text = documentText(value, (plain) => plain);
        expect(documentText(parse(text), (plain) => plain)).toBe(text);
        expect(text.endsWith('\n')).toBe(true);
      }),
    );
  });
});

describe('secrets', () => {
  it('never survive in any document, wherever they were planted', () => {
    const alphabet = fc.stringMatching(/^[A-Za-z0-9+/=_.-]{8,40}$/);
    const place = fc.constantFrom('message', 'trouble', 'hold', 'problem', 'name', 'version', 'feature', 'because');
    const wrap = fc.constantFrom(
      (s: string) => s,
      (s: string) => `fetch https://user:${s}@git.example failed`,
      (s: string) => `\u001b[31m${s.slice(0, 3)}\u001b[0m${s.slice(3)}`,
      (s: string) => Buffer.from(`x-access-token:${s}`).toString('base64'),
      (s: string) => `${'padding '.repeat(511)}${s}`,
    );
    fc.assert(
      fc.property(alphabet, place, wrap, (secret, where, form) => {
        // A secret that every document contains anyway (a key, a name) can't be distinguished from it.
        fc.pre(![...documents(aView(), options).values()].some((text) => text.includes(secret)));
        const planted = form(secret);
        const at = (name: string): string => (name === where ? planted : 'x');
        const node = aNode({ clients: { el: { name: at('name'), version: at('version') } } });
        const status = nodeStatus(
          observe({
            node,
            hold: { reason: 'VolumeShrink', message: at('hold') },
            trouble: { reason: 'InvalidSpec', message: at('message'), stalled: true },
          }),
        );
        const view = aView(
          {
            nodes: [{ node: withStatus(node, status) }],
            capabilities: { ...aView().capabilities, features: [at('feature')] },
          },
          {
            gitTrouble: at('trouble'),
            problems: [{ ...problem, message: at('problem') }],
            held: [
              {
                do: 'delete',
                ref: { apiVersion: 'v', kind: 'K', name: 'n' },
                because: at('because'),
                uid: 'u',
                keepsVolumes: true,
              },
            ],
          },
        );
        const files = documents(view, { ...options, redactor: createRedactor([secret]) });
        for (const text of files.values()) {
          expect(text).not.toContain(secret);
          expect(text).not.toContain(planted);
          // Nor the first half of it at the end of a field that was cut.
          expect(text).not.toContain(`${secret.slice(0, 7)}…`);
        }
      }),
    );
  });

  it('go by the name of their key as well', () => {
    expect(
      parse(documentText({ password: 'correct horse', nested: { apiToken: 'x' }, secretName: 'eth-keys' })),
    ).toEqual({
      password: '[redacted]',
      nested: { apiToken: '[redacted]' },
      secretName: 'eth-keys',
    });
    expect(parse(documentText({ password: { length: 3 }, a: null, b: true, c: Number.NaN, d: () => 1 }))).toEqual({
      password: { length: 3 },
      a: null,
      b: true,
      c: 'NaN',
      d: null,
    });
  });
});
