// What `nodewright adopt` makes of workloads of other tools.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { type Adoption, adoptionOf } from '../../src/adopt/adoption.ts';
import { readCommandLine } from '../../src/adopt/command-line.ts';
import { describeAdoption } from '../../src/adopt/describe.ts';
import { readForeign } from '../../src/adopt/foreign-workload.ts';
import { type ForeignPvc, propose } from '../../src/adopt/propose.ts';
import { recognise } from '../../src/adopt/recognise.ts';
import { signerSecrets } from '../../src/adopt/signers.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { chains } from '../../src/chains/index.ts';
import { readDesired } from '../../src/desired/read.ts';
import { cosmopilotPod, ethpandaopsGeth, handMade } from './foreign.ts';

interface Options {
  readonly namespace?: string;
  readonly name?: string;
  readonly network?: string;
  readonly copy?: boolean;
  readonly reclaimPolicy?: string;
  readonly isCsi?: boolean;
  readonly secrets?: readonly KubeObject[];
  readonly ordinal?: number;
  readonly added?: Readonly<Record<string, string>>;
}

const FLEET = stringify({
  apiVersion: 'validatoros.com/v1alpha1',
  kind: 'Fleet',
  metadata: { name: 'fleet' },
  spec: { executors: [{ name: 'here' }], defaultExecutor: 'here' },
});

const DEFAULTS = {
  namespace: 'chains',
  copy: false,
  reclaimPolicy: 'Delete',
  isCsi: false,
  secrets: [],
  ordinal: 0,
  added: {},
} satisfies Options;

function adopt(object: KubeObject, options: Options = {}): Adoption {
  const { namespace, copy, reclaimPolicy, isCsi, secrets, ordinal, added } = { ...DEFAULTS, ...options };
  const foreign = readForeign(object, ordinal);
  const found = recognise(foreign, chains);
  if (found === undefined) throw new Error('not recognised');
  const names = [...foreign.pvcs.values()];
  const pvc = (name: string): ForeignPvc => ({
    name,
    size: '100Gi',
    storageClass: 'fast',
    accessMode: 'ReadWriteOnce',
  });
  const signers = signerSecrets(found.chain, secrets);
  const { name = foreign.name, network = found.network ?? '' } = options;
  const pvcs = new Map(names.map((one) => [one, pvc(one)]));
  const signer = signers[0]?.secret;
  const proposal = propose(foreign, found, {
    name,
    namespace,
    executor: undefined,
    network,
    signer,
    pvcs,
    added,
    more: {},
  });
  const file = stringify(proposal.document);
  const files = [
    { path: 'fleet.yaml', oid: '1', text: FLEET },
    { path: `nodes/${name}.yaml`, oid: '2', text: file },
  ];
  const { nodes, problems } = readDesired(files, { defaultNamespace: namespace });
  return adoptionOf({
    foreign,
    found,
    proposal,
    file,
    node: nodes.get(`${namespace}/${name}`)?.node,
    fileProblems: problems.filter(({ level }) => level === 'error').map(({ message }) => message),
    signers,
    unreadSecrets: [],
    bound: new Map(names.map((one) => [one, { name: `pv-${one}`, reclaimPolicy, isCsi }])),
    copy,
  });
}

const commandsOf = ({ steps }: Adoption): readonly string[] =>
  steps.flatMap(({ commands }) => commands.map(({ argv }) => argv.join(' ')));
const titles = ({ steps }: Adoption): readonly string[] => steps.map(({ title }) => title);

describe('a chart that wraps geth into a script', () => {
  const adoption = adopt(ethpandaopsGeth, { added: { cl: 'lighthouse' } });

  it('becomes a stopped node with its client, flags and volume', () => {
    expect(adoption.problems).toEqual([]);
    expect(adoption.file).toContain('desiredState: Stopped');
    expect(adoption.file).toMatch(/chain: ethereum\n\s+network: hoodi/);
    expect(adoption.file).toContain('version: 1.16.7');
    expect(adoption.file).toMatch(/storage:\n\s+el:\n\s+size: 100Gi\n\s+storageClass: fast/);
    expect(adoption.file).toMatch(/cache: "4096"\n\s+maxpeers: "80"/);
    expect(adoption.file).toMatch(/nodeSelector:\n\s+disk: nvme/);
    expect(adoption.file).not.toContain('EXTERNAL_IP');
  });

  it('needs the client of the other role, which another chart runs', () => {
    const alone = adopt(ethpandaopsGeth);
    expect(alone.problems[0]).toMatch(/Hoodi needs a consensus client/);
    expect(alone.steps).toEqual([]);
    expect(adoption.file).toMatch(/cl:\n\s+name: lighthouse/);
  });

  it('shows what differs', () => {
    const rows = Object.fromEntries(adoption.differences.map(({ what, now, then }) => [what, { now, then }]));
    expect(rows['user']).toEqual({ now: '10001', then: '1000' });
    expect(rows['container of el']).toEqual({ now: 'geth', then: 'el' });
    expect(rows['PVC of volume el']).toEqual({ now: 'chains/storage-geth-0', then: 'chains/el-geth-0' });
    expect(rows['other containers']).toEqual({ now: 'metrics-exporter', then: 'not taken over' });
    expect(rows['init containers']?.now).toBe('init-chown-data');
    expect(rows['el: flag ethstats']?.then).toContain('$(STATS)');
    expect(rows['el: ports']?.now).toBe('8545 8551 30303');
  });

  it('has its volume bound to the PVC of the node, with Retain before the old PVC goes', () => {
    const commands = commandsOf(adoption);
    const order = ['Retain', 'delete pvc storage-geth-0', '"claimRef"', 'create -f -', 'delete statefulset/geth'];
    expect(order.map((words) => commands.findIndex((command) => command.includes(words)))).toEqual(
      [3, 4, 5, 6, 8].map((index) => index - 1),
    );
    const pvc = adoption.steps.flatMap(({ commands: all }) => all).find(({ object }) => object !== undefined)?.object;
    expect(pvc).toMatchObject({
      metadata: { name: 'el-geth-0', namespace: 'chains', labels: { 'novacula.com/node': 'geth' } },
      spec: {
        volumeName: 'pv-storage-geth-0',
        storageClassName: 'fast',
        resources: { requests: { storage: '100Gi' } },
      },
    });
    expect(adoption.steps[1]?.note).toContain('Helm release geth');
  });

  it('prints commands that a shell reads as they are meant', () => {
    const text = describeAdoption(adoption, undefined);
    expect(text).toContain('Nothing was changed in the cluster.');
    expect(text).toContain(`-p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`);
  });
});

describe('a StatefulSet made by hand', () => {
  it('whose PVC has the right name is given away by the label alone', () => {
    const adoption = adopt(handMade());
    expect(adoption.problems).toEqual([]);
    expect(commandsOf(adoption).filter((command) => /pv|pvc/.test(command))).toEqual([
      expect.stringMatching(/^kubectl -n chains label pvc data-solo-0 --overwrite novacula\.com\/node=solo /),
    ]);
  });

  it('in another namespace keeps its data by a rebind', () => {
    const adoption = adopt(handMade(), { namespace: 'nodes' });
    expect(titles(adoption)[2]).toBe('Bind the volume of PVC chains/data-solo-0 to PVC nodes/data-solo-0');
  });

  it('keeps PVCs that would go with it', () => {
    const object = handMade();
    const spec = { ...(object['spec'] as object), persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
    const [first] = commandsOf(adopt({ ...object, spec }));
    expect(first).toContain('"whenDeleted":"Retain"');
  });

  it('with its data in another folder is not taken over, with the reason', () => {
    const adoption = adopt(handMade({ args: ['--dev', '--datadir', '/data/geth'] }));
    expect(adoption.problems[0]).toMatch(/in the folder geth of PVC data-solo-0/);
    expect(adoption.steps).toEqual([]);
  });

  it('with several pods gives the pod that the PVC belongs to', () => {
    const adoption = adopt(handMade(), { ordinal: 2, name: 'third' });
    expect(titles(adoption)[2]).toContain('PVC chains/data-solo-2 to PVC chains/data-third-0');
  });

  it('is copied only where a CSI driver can, and within its namespace', () => {
    expect(adopt(handMade(), { copy: true }).problems[0]).toContain('has no CSI driver');
    expect(adopt(handMade(), { copy: true, isCsi: true, namespace: 'nodes' }).problems[0]).toContain(
      'namespace chains',
    );
    const [pvc] = adopt(handMade(), { copy: true, isCsi: true, name: 'other' }).steps.flatMap(({ commands }) =>
      commands.flatMap(({ object }) => object ?? []),
    );
    expect(pvc).toMatchObject({
      metadata: { name: 'data-other-0' },
      spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'data-solo-0' } },
    });
  });
});

describe('a validator', () => {
  const key = JSON.stringify({
    address: 'A'.repeat(40),
    pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.alloc(32, 7).toString('base64') },
    priv_key: { type: 'tendermint/PrivKeyEd25519', value: Buffer.alloc(64, 7).toString('base64') },
  });
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'gaia-0-priv-key', namespace: 'chains' },
    data: { 'priv_validator_key.json': Buffer.from(key).toString('base64') },
  };

  it('takes its key from the Secret, and names who must stop first', () => {
    const adoption = adopt(cosmopilotPod, { network: 'dev', secrets: [secret] });
    expect(adoption.problems).toEqual([]);
    expect(adoption.file).toMatch(/nodeType: validator/);
    expect(adoption.file).toMatch(/identity:\n\s+secretName: gaia-0-priv-key/);
    expect(adoption.signers[0]).toContain('ChainNode gaia-0');
    expect(titles(adoption).slice(-2)).toEqual(['Let nodes use Secret gaia-0-priv-key', 'Start the node']);
    expect(commandsOf(adoption)[0]).toBe('kubectl -n chains delete pod/gaia-0 --wait=true');
  });

  it('whose key is on the volume is named as well', () => {
    const adoption = adopt(cosmopilotPod, { network: 'dev' });
    expect(adoption.signers[0]).toMatch(/^The volume data holds a signing key, if this workload validates/);
  });
});

describe('a command line', () => {
  it.each([
    { argv: ['/usr/local/bin/geth', '--a', '1', '--b=2', '-c'], flags: 'a=1 b=2 c=' },
    { argv: ['sh', '-c', 'exec geth --a=\'x y\' --b "z" ; rm -rf /'], flags: 'a=x y b=z' },
    { argv: ['--a', '--b'], flags: 'a= b=' },
    { argv: ['sh', '-c', 'geth --a=1 \\\n  --b=2 && true'], flags: 'a=1 b=2' },
    { argv: ['sh', '-c', 'geth init --x=1 && exec geth --a=1'], flags: 'a=1' },
    { argv: [], flags: '' },
    { argv: ['sh'], flags: '' },
  ])('$argv is read as $flags', ({ argv, flags }) => {
    const line = readCommandLine(argv, ['geth']);
    expect(line.flags.map(({ name, value }) => `${name}=${value}`).join(' ')).toBe(flags);
  });
});
