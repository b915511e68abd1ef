// Files of schedules/: a template is checked like a job request, and one bad file does not affect others.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { runName } from '../../src/jobs/requests/schedule.ts';
import { nodeFile, read as readFiles } from '../support/desired-files.ts';

const template = { kind: 'Backup', spec: { node: 'a' } };

function schedule(spec: object, name = 'nightly'): string {
  return stringify({
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'JobSchedule',
    metadata: { name },
    spec: { schedule: '0 3 * * *', template, ...spec },
  });
}

const read = (files: Readonly<Record<string, string>>) =>
  readFiles({ 'nodes/a.yaml': nodeFile('a'), ...files }, { defaultNamespace: 'ns' });

it('reads a valid schedule with defaults', () => {
  const { schedules, problems } = read({ 'schedules/nightly.yaml': schedule({ timeZone: 'Europe/Berlin' }) });
  expect(problems).toEqual([]);
  expect([...schedules.values()]).toMatchObject([
    {
      name: 'nightly',
      namespace: 'ns',
      file: 'schedules/nightly.yaml',
      spec: { concurrencyPolicy: 'Forbid', template },
    },
  ]);
});

it('lets a schedule of backups say which it keeps', () => {
  const { schedules, problems } = read({ 'schedules/nightly.yaml': schedule({ keep: { last: 3 } }) });
  expect(problems).toEqual([]);
  expect(schedules.size).toBe(1);
});

describe('refused is', () => {
  it.each([
    {
      because: 'a minute that does not exist',
      spec: { schedule: '99 3 * * *' },
      code: 'InvalidSchedule',
      at: '6:13',
      says: /"99 3 \* \* \*" is not a cron expression: "99" .*minute/,
    },
    {
      because: 'words for fields',
      spec: { schedule: 'a b c d e' },
      code: 'InvalidSchedule',
      at: '6:13',
      says: /is not a cron expression/,
    },
    {
      because: 'a day that never comes',
      spec: { schedule: '0 0 31 2 *' },
      code: 'InvalidSchedule',
      at: '6:13',
      says: /impossible day/,
    },
    {
      because: 'another planet',
      spec: { timeZone: 'Mars/Olympus' },
      code: 'InvalidTimeZone',
      at: '11:13',
      says: /no IANA time zone/,
    },
    {
      because: 'a kind that does not exist',
      spec: { template: { ...template, kind: 'Bakup' } },
      code: 'UnknownKind',
      at: '8:11',
      says: /did you mean "Backup"/,
    },
    {
      because: 'a kind that does not exist, beside a rule for old ones',
      spec: { keep: { last: 3 }, template: { ...template, kind: 'Bakup' } },
      code: 'UnknownKind',
      at: '8:11',
      says: /is no kind of job/,
    },
    {
      because: 'a field that the kind does not have',
      spec: { template: { kind: 'Backup', spec: { node: 'a', nod: 1 } } },
      code: 'UnknownField',
      at: '11:7',
      says: /spec\.template\.spec\.nod: .*did you mean "node"/,
    },
    {
      because: 'a template without its node',
      spec: { template: { kind: 'Backup', spec: {} } },
      code: 'MissingField',
      at: '9:5',
      says: /spec\.template\.spec\.node: is required/,
    },
    {
      because: 'an unknown node',
      spec: { template: { kind: 'Backup', spec: { node: 'b' } } },
      code: 'UnknownNode',
      at: '10:13',
      says: /spec\.template\.spec\.node: there is no BlockchainNode ns\/b/,
    },
    {
      because: 'an unsupported setting',
      spec: {
        template: { kind: 'Switchover', spec: { sourceNode: 'x', destNode: 'y', chain: 'c', deployMethod: 'python' } },
      },
      code: 'NotSupported',
      at: '13:21',
      says: /deployMethod: a Switchover is not possible with python/,
    },
    {
      because: 'an executor in the template',
      spec: { template: { kind: 'Backup', spec: { node: 'a', executor: 'east' } } },
      code: 'NotSupported',
      at: '11:17',
      says: /executor of its schedule/,
    },
    {
      because: 'retention without backups',
      spec: { keep: { last: 3 }, template: { kind: 'ChangeOwner', spec: { node: 'a' } } },
      code: 'NotSupported',
      at: '12:5',
      says: /only backups are removed/,
    },
  ])('$because', ({ spec, code, at, says }) => {
    const good = schedule({}, 'good');
    const { schedules, problems, brokenFiles } = read({
      'schedules/bad.yaml': schedule(spec),
      'schedules/good.yaml': good,
    });
    expect(problems.map((one) => [one.file, one.level, one.code, `${one.line}:${one.column}`])).toEqual([
      ['schedules/bad.yaml', 'error', code, at],
    ]);
    expect(problems[0]?.message).toMatch(says);
    expect([...schedules.keys()]).toEqual(['ns/good']);
    expect([...brokenFiles]).toEqual(['schedules/bad.yaml']);
  });

  it('both of one name', () => {
    const files = {
      'schedules/x.yaml': schedule({}),
      'schedules/y.yaml': schedule({ suspend: true }),
      'schedules/z.yaml': schedule({}, 'z'),
    };
    const { schedules, problems } = read(files);
    expect(problems.map(({ file, code, message }) => [file, code, message])).toEqual([
      [
        'schedules/x.yaml',
        'DuplicateSchedule',
        'metadata.name: ns/nightly is also in schedules/y.yaml; rename one of them',
      ],
      [
        'schedules/y.yaml',
        'DuplicateSchedule',
        'metadata.name: ns/nightly is also in schedules/x.yaml; rename one of them',
      ],
    ]);
    expect([...schedules.keys()]).toEqual(['ns/z']);
  });
});

describe('a request with the name of a run', () => {
  const request = (name: string, more: object = {}): string => stringify({ ...backup(name), ...more });
  const long = 'l'.repeat(60);

  it.each([
    { because: 'to come', schedules: ['nightly'], name: 'nightly-29933984' },
    { because: 'of any time', schedules: ['nightly'], name: 'nightly-1' },
    { because: 'of a schedule whose name ends in digits', schedules: ['night-1', 'night'], name: 'night-1-29933984' },
    { because: 'that is cut', schedules: [long], name: runName(long, 1_796_039_040_000) },
  ])('$because is refused', ({ schedules, name }) => {
    const { requests, brokenRequests, problems } = read({
      ...Object.fromEntries(schedules.map((one) => [`schedules/${one}.yaml`, schedule({}, one)])),
      'jobs/x.yaml': request(name),
      'jobs/good.yaml': request('good'),
    });
    expect(problems.map(({ file, level, code, line }) => [file, level, code, line])).toEqual([
      ['jobs/x.yaml', 'error', 'NameOfRun', expect.any(Number)],
    ]);
    expect(problems[0]?.message).toContain(`the schedule ${schedules[0] ?? ''} gives to its runs; rename the request`);
    expect([...requests.keys()]).toEqual(['Backup/ns/good']);
    expect([...brokenRequests]).toEqual([`Backup/ns/${name}`]);
  });

  it('also of a schedule with an error', () => {
    const files = { 'schedules/n.yaml': schedule({ schedule: '99 3 * * *' }, 'n'), 'jobs/x.yaml': request('n-1') };
    expect(read(files).problems.map(({ code }) => code)).toContain('NameOfRun');
  });

  it.each([
    { because: 'of another name', name: 'nightly-2-restored' },
    { because: 'without a minute', name: 'nightly' },
    { because: 'of no schedule', name: 'weekly-29933984' },
    { because: 'of another namespace', name: 'nightly-29933984', more: { namespace: 'other' } },
  ])('$because is accepted', ({ name, more = {} }) => {
    const { problems } = read({
      'schedules/nightly.yaml': schedule({}),
      'jobs/x.yaml': request(name, { metadata: { name, ...more } }),
    });
    expect(problems.map(({ code }) => code)).not.toContain('NameOfRun');
  });

  it('of another kind is accepted', () => {
    const snapshot = { ...backup('nightly-29933984'), kind: 'Snapshot' };
    const { problems } = read({ 'schedules/nightly.yaml': schedule({}), 'jobs/x.yaml': stringify(snapshot) });
    expect(problems.map(({ code }) => code)).not.toContain('NameOfRun');
  });
});

describe('what cannot be read is not pruned', () => {
  it.each([
    { because: 'a request that no longer is YAML', path: 'jobs/x.yaml', text: 'spec: [\n' },
    { because: 'a schedule that no longer is YAML', path: 'schedules/x.yaml', text: 'spec: [\n' },
    {
      because: 'a request with an unknown field',
      path: 'jobs/x.yaml',
      text: stringify({ ...backup('x'), spec: { nod: 'a' } }),
    },
    { because: 'a schedule of another kind', path: 'schedules/x.yaml', text: stringify(backup('x')) },
  ])('$because', ({ path, text }) => {
    expect([...read({ [path]: text }).brokenFiles]).toEqual([path]);
  });

  it('keeps a node with an error, its schedule and its job requests', () => {
    const broken = nodeFile('a', (text) => text.replace('chain:', 'chian:'));
    const { schedules, requests, problems } = read({
      'nodes/a.yaml': broken,
      'schedules/nightly.yaml': schedule({}),
      'jobs/x.yaml': stringify(backup('x')),
    });
    expect(new Set(problems.map(({ file }) => file))).toEqual(new Set(['nodes/a.yaml']));
    expect([[...schedules.keys()], [...requests.keys()]]).toEqual([['ns/nightly'], ['Backup/ns/x']]);
  });
});

function backup(name: string): object {
  return { apiVersion: 'validatoros.com/v1alpha1', kind: 'Backup', metadata: { name }, spec: { node: 'a' } };
}
