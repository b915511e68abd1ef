// What is read back from the files of a status branch, which any controller may have written.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { createTreeReader, glanceAtJob } from '../../src/status/tree-nodes.ts';

const reader = createTreeReader();

describe('of a node', () => {
  const nodeOf = (status: object) =>
    reader.node('paris/nodes/ns/a.yaml', stringify({ status: { phase: 'Running', ...status } }));
  const unapplied = { type: 'Unapplied', status: 'True', reason: 'FileBroken', message: 'a.yaml:1: no.' };
  const risk = { type: 'DataAtRisk', status: 'True', reason: 'VolumeMissing', message: 'gone' };
  const ready = { type: 'Ready', status: 'False', reason: 'NoPeers', message: 'why' };

  it.each([
    { because: 'nothing', conditions: [], says: { message: '', risk: undefined, broken: undefined } },
    { because: 'why it is not ready', conditions: [unapplied, ready], says: { message: 'NoPeers: why' } },
    { because: 'nothing of one that is ready', conditions: [{ ...ready, status: 'True' }], says: { message: '' } },
    { because: 'the error in its file', conditions: [risk, unapplied], says: { broken: 'a.yaml:1: no.' } },
    { because: 'no error of a change that is held', conditions: [{ ...unapplied, reason: 'Protected' }], says: { broken: undefined } },
    { because: 'what the API server refused', conditions: [{ ...unapplied, reason: 'ObjectRefused' }], says: { broken: 'a.yaml:1: no.' } },
    { because: 'no error of another condition', conditions: [{ ...unapplied, type: 'Stalled' }], says: { broken: undefined } },
    { because: 'which data is at risk', conditions: [unapplied, risk], says: { risk: 'VolumeMissing: gone' } },
  ])('says $because', ({ conditions, says }) => {
    expect(nodeOf({ conditions })).toMatchObject(says);
  }); // prettier-ignore

  it('has the remarks of its volumes alone', () => {
    expect(nodeOf({ volumes: [{ name: 'a' }, { message: 'larger' }, { message: '' }] })?.remarks).toEqual(['larger']);
  });
});

it('knows the approvals that were carried out or are in use', () => {
  const approval = (digest: string, state: string) => ({ digest, reason: 'r', state, what: 'w', at: '2026-01-01T00:00:00Z' }); // prettier-ignore
  const approvals = [approval('1', 'InUse'), approval('2', 'Unused'), approval('3', 'CarriedOut')];
  expect(reader.sync('paris/sync.yaml', stringify({ approvals }))?.approvals).toEqual([
    ['1', { state: 'InUse', what: 'w', at: '2026-01-01T00:00:00Z' }],
    ['3', { state: 'CarriedOut', what: 'w', at: '2026-01-01T00:00:00Z' }],
  ]);
});

describe('a glance at a record', () => {
  const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
  it.each([
    { because: 'under way', record: { claimedAt: early }, isOpen: true, at: early },
    { because: 'that has ended', record: { claimedAt: early, endedAt: late }, isOpen: false, at: late },
    { because: 'that has ended and keeps a node stopped', record: { endedAt: late, paused: ['a'] }, isOpen: true, at: late },
    { because: 'that keeps none', record: { endedAt: late, paused: [] }, isOpen: false, at: late },
    { because: 'of which a part has ended', record: { a: { claimedAt: late, endedAt: late }, claimedAt: early }, isOpen: true, at: early },
    { because: 'of which a part is paused', record: { a: { paused: ['b'] }, endedAt: late }, isOpen: false, at: late },
    { because: 'with more than a time', record: { claimedAt: `x${early}` }, isOpen: true, at: '' },
    { because: 'with more than a time', record: { claimedAt: `${early}x` }, isOpen: true, at: '' },
    { because: 'with more than a time', record: { claimedAt: `${early}${early}${early}` }, isOpen: true, at: '' },
  ])('$because: open is $isOpen', ({ record, isOpen, at }) => {
    const text = stringify(record);
    expect(glanceAtJob('paris/jobs/backup/ns/a.yaml', text)).toMatchObject({ isOpen, at });
    expect(glanceAtJob('paris/nodes/ns/a.yaml', text)).toBeUndefined();
  });
}); // prettier-ignore
