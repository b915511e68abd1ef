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

const sync: [string, string] = ['paris/sync.yaml', 'state: Synced\nsummary: All.\ncontrollerVersion: 0.1.0\n'];

describe('renderReadme', () => {
  it('shows trouble first', async () => {
    const tree = new Map([file('b', 'Running', { height: 12 }), file('c', 'Syncing', { message: 'catching up' }), file('a', 'Error', { message: 'disk full' }), sync]); // prettier-ignore
    await expect(renderReadme(tree)).toMatchFileSnapshot('../golden/status/readme.md');
  });

  it('does not depend on the order of files', () => {
    const files = [file('b', 'Running'), file('a', 'Error'), sync];
    expect(renderReadme(new Map(files))).toBe(renderReadme(new Map(files.toReversed())));
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
    const page = renderReadme(new Map([['p)](x)/nodes/<b>/a|b.yaml', text]]));
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

  it('keeps one line a node, whatever the texts', () => {
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
});
