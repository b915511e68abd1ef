// The front page: right for good files, harmless for bad ones.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { renderReadme } from '../../src/status/readme.ts';

function file(
  name: string,
  phase: string,
  more: { message?: string; chain?: string; height?: number } = {},
): [string, string] {
  const { message, chain = 'ethereum', height } = more;
  const conditions = message === undefined ? [] : [{ type: 'Ready', status: 'False', reason: 'Reason', message }];
  const document = { spec: { chain, network: 'hoodi' }, status: { phase, conditions }, snapshot: { height } };
  return [`paris/nodes/novacula-system/${name}.yaml`, stringify(document)];
}

const sync: [string, string] = [
  'paris/sync.yaml',
  'state: Synced\nsummary: All.\ncontrollerVersion: 0.1.0\npublishedAt: "2026-03-01T12:00:00Z"\n',
];

function job(name: string, more: object): [string, string] {
  const record = { kind: 'Backup', name, namespace: 'ns', phase: 'Complete', nodes: ['a'], message: 'copied', ...more };
  return [`paris/jobs/backup/ns/${name}.yaml`, stringify(record)];
}

function minute(index: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString().replace('.000', '');
}

describe('renderReadme', () => {
  it('shows trouble first', async () => {
    const tree = new Map([file('b', 'Running', { height: 12 }), file('c', 'Syncing', { message: 'catching up' }), file('a', 'Error', { message: 'disk full' }), sync]); // prettier-ignore
    await expect(renderReadme(tree)).toMatchFileSnapshot('../golden/status/readme.md');
  });

  it('gives the time at which a height was read', () => {
    const document = { status: { phase: 'Running' }, snapshot: { height: 7, takenAt: '2026-03-01T12:00:00Z' } };
    const text = renderReadme(new Map([['paris/nodes/ns/a.yaml', stringify(document)]]));
    expect(text).toContain('| 7 at 2026-03-01T12:00:00Z |');
  });

  it('says once which job keeps a node paused, and beside it what is held', () => {
    const pause = { by: 'Backup ns/b', message: 'Paused by Backup ns/b while it works' };
    const conditions = [{ type: 'Ready', status: 'False', reason: 'Paused', message: pause.message }];
    const status = { phase: 'Stopped', conditions, pause, hold: { reason: 'Protected', message: 'protect: true' } };
    const text = renderReadme(new Map([['paris/nodes/ns/a.yaml', stringify({ status })]]));
    expect(text).toContain('| Paused by Backup ns/b while it works; held: protect: true |');
  });

  it('lists the problems of the files and marks the nodes that keep their last good state', () => {
    const problems = { total: 1, list: [{ level: 'error', place: 'nodes/b.yaml:3:7', message: 'no chain "x"' }] };
    const kept = { list: [{ node: 'BlockchainNode novacula-system/b', because: 'its file cannot be read' }] };
    const text = renderReadme(
      new Map([file('a', 'Running'), file('b', 'Running'), ['paris/sync.yaml', stringify({ problems, kept })]]),
    );
    expect(text).toMatch(/no chain &#34;x&#34; \| paris \| error \| nodes\/b\.yaml:3:7/);
    expect(text.split('\n').filter((line) => line.includes('its file cannot be read'))).toEqual([
      expect.stringContaining('nodes/novacula-system/b.yaml'),
    ]);
  });

  it('does not depend on the order of files', () => {
    const times = { claimedAt: minute(1), endedAt: minute(2) };
    const files = [
      file('b', 'Running'), file('a', 'Running'), file('c', 'Error'), file('d', 'Odd'), file('e', 'Pending'), ['tokyo/sync.yaml', sync[1]] as const, sync,
      job('y', { claimedAt: minute(1) }), job('x', { claimedAt: minute(1) }), job('w', { claimedAt: minute(0) }), job('old-y', times), job('old-x', times),
    ]; // prettier-ignore
    const text = renderReadme(new Map(files));
    expect(renderReadme(new Map(files.toReversed()))).toBe(text);
    expect(text).toContain('5 nodes: 1 Error, 1 Odd, 1 Pending, 2 Running.');
    const firsts = [...text.matchAll(/^\| (?:\[(?:Backup )?\w+(?:-\w+)?\/([\w-]+)\]|(paris|tokyo) )/gm)];
    expect(firsts.map(([, name, executor]) => name ?? executor)).toEqual(
      ['paris', 'tokyo', 'c', 'd', 'e', 'a', 'b', 'w', 'x', 'y', 'old-y', 'old-x'],
    ); // prettier-ignore
  });

  it('says of an empty branch that there are no nodes yet, and no more', () => {
    expect(renderReadme(new Map()).trimEnd()).toBe(
      '# The fleet at a glance\n\nNo nodes yet.\n\nThis branch is written by the controllers. Nodes are changed and jobs are requested on the desired branch.',
    );
  });

  it.each(['x.yaml', 'nodes/ns/x.yaml', 'paris/nodes/x.yaml', 'a/b/nodes/ns/x.yaml', 'paris/nodes/ns/x.yaml.old', 'x/paris/sync.yaml', 'paris/jobs/x.yaml', 'a/b/jobs/backup/ns/x.yaml'])(
    'reads nothing from %s', (path) => {
      const text = stringify({ status: { phase: 'Running' }, kind: 'Backup', name: 'x', phase: 'Working', claimedAt: minute(1) });
      expect(renderReadme(new Map([[path, text]]))).toBe(renderReadme(new Map()));
    },
  ); // prettier-ignore

  it('counts no phase but the ten that matter most', () => {
    const files = Array.from({ length: 11 }, (_, index) => file(`n-${index}`, index === 0 ? '' : `P${index + 9}`));
    expect(renderReadme(new Map(files))).toContain('11 nodes: 1 unknown, 1 P10, 1 P11, 1 P12, 1 P13, 1 P14, 1 P15, 1 P16, 1 P17, 1 P18.\n'); // prettier-ignore
  });

  it('says what puts the data of a node at risk and what is remarkable about its volumes', () => {
    const conditions = [{ type: 'DataAtRisk', status: 'True', reason: 'VolumeMissing', message: 'The PVC is gone.' }];
    const volumes = [{ name: 'a' }, { message: 'The PVC is larger.' }, { message: 'y'.repeat(111) }];
    const text = renderReadme(
      new Map([['paris/nodes/ns/a.yaml', stringify({ status: { phase: 'Running', conditions, volumes } })]]),
    );
    expect(text).toContain(`|  | VolumeMissing: The PVC is gone.; The PVC is larger.; ${'y'.repeat(109)}… |`);
  });

  it.each([
    { count: 50, rows: 50, more: undefined },
    { count: 52, rows: 50, more: '2 more problems are in the files sync.yaml of the controllers.' },
  ])('lists of $count problems $rows', ({ count, rows, more }) => {
    const list = Array.from({ length: count }, () => ({ level: 'error', place: 'a.yaml:1:1', message: 'no' }));
    const text = renderReadme(new Map([['paris/sync.yaml', stringify({ problems: { total: count, list } })]]));
    expect(text).toContain('| Problem | Controller | Level | Where |\n');
    expect(text.match(/^\| no \| paris \| error \|/gm)).toHaveLength(rows);
    expect(/^.*more problems.*$/m.exec(text)?.[0]).toBe(more);
  });

  it('lists a thousand schedules at most', () => {
    const schedules = Array.from({ length: 501 }, (_, index) => ({ schedule: `s-${index}`, kind: 'Backup' }));
    const text = renderReadme(
      new Map(['a', 'b'].map((executor) => [`${executor}/sync.yaml`, stringify({ schedules })])),
    );
    expect(text).toContain('| Schedule | Controller | Files a | Next | Last | Skipped |\n');
    expect(text.match(/^\| s-/gm)).toHaveLength(1000);
  });

  it('counts the jobs that it leaves out, where it shows any', () => {
    const ended = Array.from({ length: 21 }, (_, index) => job(`j-${index}`, { endedAt: minute(index) }));
    expect(renderReadme(new Map(ended))).toContain('1 more job is in the folders of their controllers.');
    expect(renderReadme(new Map([...ended.slice(1), ...Array.from({ length: 101 }, (_, index) => file(`n-${index}`, 'Running'))]))).not.toContain(' more '); // prettier-ignore
    const open = Array.from({ length: 101 }, (_, index) => job(`j-${index}`, { claimedAt: minute(index) }));
    const text = renderReadme(new Map(open));
    expect(text.match(/\| \[Backup /g)).toHaveLength(100);
    const junk = ended.map(([path]) => [path, `endedAt: ${minute(1)}\n`] as const);
    expect(renderReadme(new Map(junk))).toBe(renderReadme(new Map()));
  });

  it('names ten nodes of a job', () => {
    const nodes = Array.from({ length: 11 }, (_, index) => `n${index}`);
    const text = renderReadme(new Map([job('a', { claimedAt: minute(1), nodes })]));
    expect(text).toContain('| n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 |');
  });

  it.each([
    { because: 'a pipe would start a cell', evil: 'a | b', never: /a \| b/ },
    { because: 'a line break would start a row', evil: 'a\n| x | y |', never: /\n\| x/ },
    { because: 'HTML would run or load', evil: '<img src=x onerror=alert(1)>', never: /<img/ },
    { because: 'a link could point anywhere', evil: '[click](https://evil.example)', never: /\]\(https/ },
    { because: 'a bare address becomes a link', evil: 'see https://evil.example', never: /https:\/\// },
    { because: 'a picture is a beacon', evil: '![x](//evil.example/p.png)', never: /!\[/ },
    { because: 'a mention notifies people', evil: '@everyone', never: /@everyone/ },
    { because: 'a number refers to an issue', evil: 'fixes #12', never: /fixes #12/ },
    { because: 'terminal escapes', evil: '\u001b[31mred', never: /\u001b|\[31m/ },
    { because: 'an ampersand could hide a tag', evil: '&lt;b&gt;', never: /&lt;/ },
    { because: 'a direction override', evil: 'a\u202eb', never: /\u202e/ },
    { because: 'a secret in the file of another controller', evil: 'token=hunter2', never: /hunter2/ },
  ])('$because', ({ evil, never }) => {
    const text = renderReadme(new Map([file('a', evil, { message: evil, chain: evil }), sync]));
    expect(text).not.toMatch(never);
    expect(text.split('\n').filter((line) => line.includes('/a.yaml'))).toHaveLength(1);
  });

  it('puts no text of a path into its link unescaped', () => {
    const [, text] = file('a', 'Running');
    const page = renderReadme(new Map([['p)](x)*/nodes/<b>/a|b.yaml', text]]));
    expect(page).toContain('](p%29%5D%28x%29%2A/nodes/%3Cb%3E/a%7Cb.yaml) |');
    expect(page).not.toMatch(/<b>|a\|b|p\)\]\(x\)/);
  });

  it.each([
    '',
    '{',
    '- 1',
    'status: 3',
    'status: {phase: [1]}',
    '&a [*a]',
    'x'.repeat(2_000_000),
    '%YAML 9.9\n---\n!!js x',
  ])('skips or survives junk in the files of others', (junk) => {
    const text = renderReadme(new Map([['x/nodes/y/z.yaml', junk], ['x/sync.yaml', junk], file('good', 'Running')]));
    expect(text).toContain('good');
    expect(text.length).toBeLessThan(3_000);
  });

  it('keeps one line a node, for all texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (message, chain) => {
        const text = renderReadme(new Map([file('a', 'Running'), file('b', 'Error', { message, chain })]));
        const rows = text.split('\n').filter((line) => line.startsWith('| [novacula'));
        expect(rows).toHaveLength(2);
        for (const row of rows) expect(row.split('|')).toHaveLength(9);
      }),
    );
  });

  it('stays readable for a large fleet', () => {
    const tree = new Map(Array.from({ length: 1_500 }, (_, index) => file(`n-${index}`, 'Running')));
    const text = renderReadme(tree);
    expect(text).toContain('1500 nodes: 1500 Running.');
    expect(text).toContain('500 more nodes');
  });

  it('shows jobs that are under way or keep a node paused, the oldest first, then the last that ended', async () => {
    const phases = [{ phase: 'Claimed', at: minute(1) }];
    const tree = new Map([
      job('ended-early', { claimedAt: minute(1), endedAt: minute(2), height: 7, phases }),
      job('ended-late', { claimedAt: minute(1), endedAt: minute(9), phase: 'Failed', message: 'the disk | is full' }),
      job('begun-late', { claimedAt: minute(8), phase: 'Working', nodes: ['a', 'b'], message: 'copies', phases }),
      job('begun-early', { claimedAt: minute(3), phase: 'Stopping', message: 'waits' }),
      job('held', {
        claimedAt: minute(0),
        endedAt: minute(1),
        phase: 'Held',
        paused: ['c'],
        message: 'between two keys',
      }),
      file('a', 'Stopped'),
      sync,
    ]);
    await expect(renderReadme(tree)).toMatchFileSnapshot('../golden/status/readme-jobs.md');
  });

  it('shows schedules of all controllers, with what they skipped', () => {
    const schedules = [
      {
        schedule: 'ns/nightly',
        file: 'schedules/n.yaml',
        kind: 'Backup',
        suspended: false,
        next: minute(5),
        last: 'n-1',
      },
      { schedule: 'ns/off', file: 'schedules/o.yaml', kind: 'Backup', suspended: true, skipped: 'a | b' },
      'junk',
    ];
    const good = schedules.slice(0, 2);
    const head = { state: 'Synced', summary: 'All.', controllerVersion: '0.1.0' };
    const page = (list: unknown): string =>
      renderReadme(new Map([['paris/sync.yaml', stringify({ ...head, schedules: list })]]));
    expect(page(good)).toContain('| ns/nightly | paris | Backup | 2026-01-01T00:05:00Z | n-1 |  |');
    expect(page(good)).toContain('| ns/off | paris | Backup | suspended |  | a &#124; b |');
    expect(page(schedules)).not.toContain('Schedule');
    expect(page(schedules)).toContain('| paris | Synced |');
  });

  it('keeps all jobs that are under way, however many have ended', () => {
    const ended = Array.from({ length: 5_000 }, (_, index) =>
      job(`old-${index}`, { claimedAt: minute(index), endedAt: minute(index + 1) }),
    );
    const text = renderReadme(new Map([...ended, job('now', { claimedAt: minute(0), phase: 'Working' })]));
    const names = [...text.matchAll(/\[Backup ns\/([\w-]+)\]/g)].map(([, name]) => name);
    expect(names).toEqual(['now', ...Array.from({ length: 20 }, (_, index) => `old-${4_999 - index}`)]);
    expect(text).toContain('4980 more jobs are in the folders');
  });

  it.each(['', '{', 'endedAt: 2026-01-01T00:00:00Z', 'phase: Complete\nendedAt: soon', 'x'.repeat(2_000_000)])(
    'skips junk where a record should be',
    (junk) => {
      const text = renderReadme(
        new Map([['x/jobs/backup/ns/junk.yaml', junk], job('good', { endedAt: minute(1) }), file('a', 'Running')]),
      );
      expect(text.match(/\| \[Backup /g)).toHaveLength(1);
      expect(text).not.toContain('junk');
    },
  );

  it('lets no text of a record break its row', () => {
    const evil = 'a | b\n<img src=x> [c](https://evil.example) token=hunter2';
    const record = job('bad', {
      claimedAt: evil,
      endedAt: minute(1),
      nodes: [evil],
      message: evil,
      phase: 'Failed | x',
    });
    const text = renderReadme(new Map([record]));
    const rows = text.split('\n').filter((line) => line.includes('bad.yaml'));
    expect(rows).toHaveLength(1);
    expect(rows[0]?.split('|')).toHaveLength(9);
    expect(text).not.toMatch(/<img|https:\/\/|hunter2/);
  });
});
