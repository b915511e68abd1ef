// A value of a spec stays one value in the objects and in their YAML.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';

import { renderNode } from '../../src/render/render-node.ts';
import { examples, nodeWith } from '../chains/examples.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('---', '- a', 'a: b', '*x', '&x', '!!binary x', '|', '>', '"', "'", '{}', '#', 'null', 'true', '0x1', '1e3', '~', '$(HOME)', '\n---\nkind: Secret\n', 'a\u2028b', 'a\u0085b', '\t', ' x '),
); // prettier-ignore

describe.each(examples)('$name', ({ name, node, chain }) => {
  const render = (fields: Record<string, unknown>) => renderNode(nodeWith(name, fields), chain, { running: true }).objects;
  const kinds = render({}).map((object) => `${object.kind}/${object.metadata.name}`);
  const [role = ''] = Object.keys(node.spec.clients);

  it('is the same after it was written as YAML, for all values', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (argument, variable, annotation) => {
        const fields = {
          args: { [role]: { 'made.up': argument } },
          env: { [role]: [{ name: 'MADE_UP', value: variable }] },
          podAnnotations: { 'example.com/made-up': annotation },
        };
        if (chain.check(nodeWith(name, fields).spec).some(({ level }) => level === 'error')) return;
        const objects = render(fields);
        expect(objects.map((object) => `${object.kind}/${object.metadata.name}`)).toEqual(kinds);
        const text = objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
        expect(parseAllDocuments(text).map((document) => document.toJS() as unknown)).toEqual(
          objects.map((object) => JSON.parse(JSON.stringify(object)) as unknown),
        );
      }),
    );
  });
}); // prettier-ignore
