// Remembering what was written must never show: the files are the same as without it.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { documents } from '../../src/status/documents.ts';
import type { FleetView } from '../../src/status/fleet-view.ts';
import {
  forgetGone,
  writeNodeFile,
  type NodeFile,
  type NodeFileOptions,
  type WrittenNodes,
} from '../../src/status/node-file.ts';
import { aNode } from './builders.ts';

const HOUR = 3_600_000;

const step = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  phase: fc.constantFrom('Running' as const, 'Syncing' as const, 'Error' as const),
  height: fc.integer({ min: 1, max: 3 }),
  file: fc.constantFrom('nodes/x.yaml', 'nodes/y.yaml'),
  gone: fc.boolean(),
  waitMs: fc.constantFrom(0, 1000, HOUR / 2, HOUR, 3 * HOUR),
});

it('writes the same files with and without remembering', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.boolean(), (steps, pushed) => {
      const written: WrittenNodes = new Map();
      const nodes = new Map<string, { readonly node: BlockchainNode; readonly file: string }>();
      let previous: ReadonlyMap<string, string> = new Map();
      let now = Date.parse('2026-03-01T00:00:00Z');
      for (const { name, phase, height, file, gone, waitMs } of steps) {
        now += waitMs;
        const base = aNode();
        const node = { ...base, metadata: { ...base.metadata, name }, status: { phase, height } };
        if (gone) nodes.delete(name);
        else nodes.set(name, { node, file });
        // The same facts twice: the second time from memory.
        for (let look = 0; look < 2; look++) {
          const plain = documents(viewOf(nodes), { previous, now, snapshotIntervalMs: HOUR });
          const files = documents(viewOf(nodes), { previous, now, snapshotIntervalMs: HOUR, written });
          // Figures that were not published yet keep the time at which they were taken.
          expect(pushed ? files : withoutTimes(files)).toEqual(pushed ? plain : withoutTimes(plain));
          forgetGone(written, files);
          expect([...written.keys()].every((path) => files.has(path))).toBe(true);
          if (pushed) previous = files;
        }
      }
    }),
  );
});

describe('a file that was written before', () => {
  const path = 'paris/nodes/n/a.yaml';
  const now = Date.parse('2026-03-01T00:00:00Z');
  const at = (height: number): BlockchainNode => ({ ...aNode(), status: { phase: 'Running', height } });
  const [node, other] = [at(2), at(3)];
  const pushed = (text: string): NodeFileOptions['previous'] => new Map([[path, text]]);
  /** On the branch is a height that is a minute old. */
  const branch = pushed('snapshot: { takenAt: "2026-02-28T23:59:00Z", phase: Running, height: 1, roles: [] }');

  interface Again {
    readonly because: string;
    readonly file?: Partial<NodeFile>;
    readonly options?: Partial<NodeFileOptions>;
    readonly isWritten: boolean;
  }

  it.each<Again>([
    { because: 'of the same node', isWritten: false },
    { because: 'and pushed', options: { previous: pushed('0') }, isWritten: false },
    { because: 'and changed by hand on the branch', options: { previous: pushed('x') }, isWritten: true },
    { because: 'and deleted by hand from the branch', options: { previous: new Map() }, isWritten: true },
    { because: 'of a node that has changed', file: { node: other }, isWritten: true },
    { because: 'of a node whose file was moved', file: { file: 'nodes/y.yaml' }, isWritten: true },
    { because: 'a moment before its figures are old', options: { now: now + HOUR - 60_001 }, isWritten: false },
    { because: 'whose figures are old', options: { now: now + HOUR - 60_000 }, isWritten: true },
    { because: 'and is not remembered', options: { written: new Map() }, isWritten: true },
  ])('$because is written again: $isWritten', ({ file, options, isWritten }) => {
    let writes = 0;
    const written: WrittenNodes = new Map();
    const write = (more?: Partial<NodeFile>, given?: Partial<NodeFileOptions>): string =>
      writeNodeFile(
        { node, file: 'nodes/x.yaml', path, ...more },
        { previous: branch, now, snapshotIntervalMs: HOUR, written, ...given },
        () => `${writes++}`,
      );
    expect(write()).toBe('0');
    expect(write(file, options)).toBe(isWritten ? '1' : '0');
  });

  it('is forgotten with its node alone', () => {
    const written: WrittenNodes = new Map();
    for (const one of ['a', 'b'])
      writeNodeFile({ node, path: one }, { previous: branch, now, snapshotIntervalMs: HOUR, written }, () => one);
    forgetGone(written, new Map([['a', 'text']]));
    expect([...written.keys()]).toEqual(['a']);
  });
});

function withoutTimes(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...files].map(([path, text]) => [path, text.replace(/takenAt: .*/, '')]));
}

function viewOf(nodes: ReadonlyMap<string, FleetView['nodes'][number]>): FleetView {
  return {
    executor: 'paris',
    controllerVersion: '1.0.0',
    sync: { branch: 'main', problems: [], held: [] },
    capabilities: { chains: [], storageClasses: [], features: [] },
    nodes: [...nodes.values()],
  };
}
