// Mistakes that people make often: each message has its place, and says what to write instead.

import { expect, it } from 'vitest';

import { createReadCache } from '../../src/desired/read-cache.ts';
import { readDesired } from '../../src/desired/read.ts';
import { FLEET, nodeFile, read, sources } from '../support/desired-files.ts';

const document = (kind: string, name: string, spec: string): string =>
  `apiVersion: validatoros.com/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n${spec}`;
const node = (from: string | RegExp, to: string) => ({
  'nodes/a.yaml': nodeFile('a', (text) => text.replace(from, to)),
});
const size = (text: string) => node('2Ti', JSON.stringify(text));
const schedule = (line: string, kind = 'Backup') => ({
  'nodes/a.yaml': nodeFile('a'),
  'schedules/s.yaml': document('JobSchedule', 's', `  ${line}\n  template: { kind: ${kind}, spec: { node: a } }\n`),
});
const patch = (match: string, path = '/podAnnotations') =>
  document(
    'FleetPatch',
    'p',
    `  match: { ${match} }\n  patch: [{ op: add, path: ${path}, value: { example.com/a: b } }]\n`,
  );
const job = (head: string, spec: string) => ({
  'nodes/eth-0.yaml': nodeFile('eth-0'),
  'jobs/b.yaml': document('Backup', `b${head}`, `  ${spec}\n`),
});

const MAY_BE = 'error UnknownNode spec.node: there is no BlockchainNode novacula-system/eth-1;';

// prettier-ignore
const rows: readonly { readonly files: Readonly<Record<string, string>>; readonly says: string }[] = [
  { files: node('hoodi', 'hodi'), says: 'nodes/a.yaml:7 error UnknownNetwork spec.network: Ethereum has no network "hodi"; did you mean "hoodi"?' },
  { files: node('geth', 'gteh'), says: 'nodes/a.yaml:9 error UnknownClient spec.clients.el.name: Execution client "gteh" is not known; did you mean "geth"?' },
  { files: node('ethereum', 'eth'), says: 'nodes/a.yaml:6 error UnknownChain spec.chain: "eth" is no chain; did you mean "ethereum"?' },
  { files: node('    data: {', '    dta: {'), says: 'nodes/a.yaml:12 error MissingStorage spec.storage.dta: no volume of this name is used; did you mean "data"?' },
  { files: size('10GB'), says: 'nodes/a.yaml:12 error InvalidValue spec.storage.data.size: must be a Kubernetes quantity such as "10G" or "10Gi", but is "10GB"' },
  { files: size('10 Gi'), says: 'nodes/a.yaml:12 error InvalidValue spec.storage.data.size: must be a Kubernetes quantity such as "10Gi", but is "10 Gi"' },
  { files: size('-1Gi'), says: 'nodes/a.yaml:12 error InvalidValue spec.storage.data.size: must be a Kubernetes quantity that is not negative such as "1Gi", but is "-1Gi"' },
  { files: size('5'), says: 'nodes/a.yaml:12 error InvalidValue spec.storage.data.size: 5 stands for 5 bytes, too few for a volume; did you mean "5Gi"?' },
  { files: size('99999999Ei'), says: 'nodes/a.yaml:12 error InvalidValue spec.storage.data.size: 99999999Ei is more than a volume can have; write less than 8Ei.' },
  { files: { 'nodes/a.yaml': nodeFile('a') + nodeFile('b') }, says: 'nodes/a.yaml:14 error DuplicateKey apiVersion occurs twice; remove one, or put a line --- before it if another object begins here' },
  { files: node('hoodi', '{{ .Values.network }}'), says: 'nodes/a.yaml:7 error BadKey a key must be a text: a value that begins with {{ needs quotes, and templates are not filled in here' },
  { files: node('hoodi', '*network'), says: 'nodes/a.yaml:7 error BadAlias the alias *network has no complete anchor before it: define &network first, or put the value in quotes if it is a text' },
  { files: schedule('schedule: * * * * *'), says: 'schedules/s.yaml:5 error BadYaml a value that begins with * or & is an alias or an anchor of YAML: put a text, such as a cron expression, in quotes' },
  { files: schedule('schedule: "@daily"'), says: 'schedules/s.yaml:5 error InvalidValue spec.schedule: must be five cron fields: minute, hour, day of month, month, day of week ("0 0 * * *"), but is "@daily"' },
  { files: schedule('schedule: 0 3 * * *', 'Bakup'), says: 'schedules/s.yaml:6 error UnknownKind spec.template.kind: "Bakup" is no kind of job; did you mean "Backup"?' },
  { files: schedule('schedule: 0 3 * * *\n  timeZone: Europe/Berln'), says: 'schedules/s.yaml:6 error InvalidTimeZone spec.timeZone: "Europe/Berln" is no IANA time zone; did you mean "Europe/Berlin"?' },
  { files: { 'nodes/a.yaml': nodeFile('a'), 'patches/p.yaml': patch('chain: etherium') }, says: 'patches/p.yaml:5 warning UnknownChain spec.match.chain: "etherium" is no chain, so that no node matches; did you mean "ethereum"?' },
  { files: { 'patches/p.yaml': patch('network: x'), 'patches/q.yaml': patch('network: x') }, says: 'patches/q.yaml:3 warning DuplicatePatch metadata.name: p is also in patches/p.yaml; both apply, so give one another name' },
  { files: { 'nodes/a.yaml': nodeFile('a'), 'patches/p.yaml': patch('network: sepolia') }, says: 'patches/p.yaml:5 warning UnmatchedPatch spec.match: matches none of the nodes, so that the patch changes nothing; correct it, or remove the patch' },
  { files: { 'nodes/eth-0.yaml': nodeFile('eth-0'), 'patches/p.yaml': patch('names: [eth-0, eth0x]') }, says: 'patches/p.yaml:5 warning UnmatchedPatch spec.match.names[1]: no node has the name eth0x; did you mean "eth-0"?' },
  { files: { 'nodes/a.yaml': nodeFile('a'), 'patches/p.yaml': patch('chain: ethereum', '/spec/podAnnotations') }, says: 'patches/p.yaml:6 error PatchFailed spec.patch[0]: add /spec/podAnnotations: the object or list for it does not exist; paths begin below spec of the node: write /podAnnotations (breaks novacula-system/a)' },
  { files: { 'fleet.yaml': FLEET.replace('{ name: demo }', '{ name: demo }, { name: demo }') }, says: 'fleet.yaml:5 error DuplicateExecutor spec.executors[1].name: "demo" occurs twice; remove one' },
  { files: { 'fleet.yaml': `${FLEET}  defaults: { chains: { etherium: {} } }\n` }, says: 'fleet.yaml:6 error UnknownChain spec.defaults.chains.etherium: "etherium" is no chain; did you mean "ethereum"?' },
  { files: { 'nodes/dev/a.yaml': nodeFile('a'), 'fleet.yaml': `${FLEET}  suspendFolders: [nodes/dev/, nodes/devv]\n` }, says: 'fleet.yaml:6 warning UnmatchedFolder spec.suspendFolders[1]: "nodes/devv" matches no folder with nodes, so that it suspends nothing; did you mean "nodes/dev"?' },
  { files: { 'nodes/dev/a.yaml': nodeFile('a'), 'fleet.yaml': `${FLEET}  suspendFolders: [/nodes/dev/]\n` }, says: 'fleet.yaml:6 error InvalidValue spec.suspendFolders[0]: must be a folder from the top of the repository, such as nodes/dev, without / or ./ before it, but is "/nodes/dev/"' },
  { files: { 'nodes/dev/a.yaml': nodeFile('a'), 'fleet.yaml': `${FLEET}  suspendFolders: [./nodes/dev]\n` }, says: 'fleet.yaml:6 error InvalidValue spec.suspendFolders[0]: must be a folder from the top of the repository, such as nodes/dev, without / or ./ before it, but is "./nodes/dev"' },
  { files: node('  network: hoodi', '  - x\n  network: hoodi'), says: 'nodes/a.yaml:7 error BadYaml a list item where a field is expected: indent it below the field whose list it belongs to, or write a field without "- "' },
  { files: { ...job('', 'node: eth-1'), 'nodes/dev/eth-1.yaml': '<<<<<<< a\n' }, says: `jobs/b.yaml:5 ${MAY_BE} nodes/dev/eth-1.yaml cannot be used as it is, and may be its file: correct that first` },
  { files: { ...job('', 'node: eth-1'), 'nodes/eth-1.yaml': '' }, says: `jobs/b.yaml:5 ${MAY_BE} nodes/eth-1.yaml cannot be used as it is, and may be its file: correct that first` },
  { files: { ...job('', 'node: eth-1'), 'nodes/eth-1.yaml': nodeFile('Eth_1') }, says: `jobs/b.yaml:5 ${MAY_BE} nodes/eth-1.yaml cannot be used as it is, and may be its file: correct that first` },
  { files: { ...job('', 'node: eth-1'), 'nodes/eth-1.yaml': nodeFile('eth-1').replace('name: eth-1', 'name: eth-1\n  namespace: kube-system') }, says: `jobs/b.yaml:5 ${MAY_BE} nodes/eth-1.yaml cannot be used as it is, and may be its file: correct that first` },
  { files: { ...job('', 'node: other'), 'nodes/eth-1.yaml': '' }, says: 'jobs/b.yaml:5 error UnknownNode spec.node: there is no BlockchainNode novacula-system/other; nodes/eth-1.yaml cannot be used as it is, and may be its file: correct that first' },
  { files: job('', 'node: eth0x'), says: 'jobs/b.yaml:5 error UnknownNode spec.node: there is no BlockchainNode novacula-system/eth0x; did you mean "eth-0"?' },
];

it.each(rows)('$says', ({ files, says }) => {
  const { problems } = read(files);
  const lines = problems.map(({ file, line, level, code, message }) => `${file}:${line} ${level} ${code} ${message}`);
  expect(lines).toContain(says);
});

it('does not call a patch unmatched that matches a node, a broken one too, or may match one that cannot be read', () => {
  const codes = (files: Readonly<Record<string, string>>, cache = createReadCache()): readonly string[] =>
    readDesired(sources({ 'fleet.yaml': FLEET, ...files }), {
      defaultNamespace: 'novacula-system',
      cache,
    }).problems.map(({ code }) => code);
  const hoodi = { 'patches/p.yaml': patch('network: hoodi') };
  const files = { 'nodes/a.yaml': nodeFile('a'), 'patches/p.yaml': patch('network: hoodi') };
  const cache = createReadCache();
  expect(codes(files, cache)).toEqual([]);
  expect(codes({ ...files, 'nodes/b.yaml': nodeFile('b') }, cache)).toEqual([]);
  expect(codes({ ...hoodi, ...node('geth', 'gteh') })).toEqual(['UnknownClient']);
  const other = { 'patches/p.yaml': patch('network: sepolia') };
  expect(codes({ ...other, 'nodes/a.yaml': nodeFile('a') })).toEqual(['UnmatchedPatch']);
  expect(codes({ ...other, 'nodes/a.yaml': nodeFile('a'), 'nodes/b.yaml': 'a: [' })).not.toContain('UnmatchedPatch');
  expect(codes(other)).toEqual([]);
  expect(codes({ ...files, 'patches/p.yaml': patch('chain: etherium') })).toEqual(['UnknownChain']);
});

it('says where a node of this name is, for a job in another namespace', () => {
  const files = job(', namespace: other', 'node: eth-0');
  expect(read(files).problems.map(({ message }) => message)).toContainEqual(
    expect.stringContaining(
      'there is no BlockchainNode other/eth-0; novacula-system/eth-0 is in another namespace: a job must be in the namespace of its node',
    ),
  );
});
