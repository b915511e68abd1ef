// `nodewright adopt OBJECT`: plans the take-over of a workload of another tool, and changes nothing in the cluster.

import { readFile, writeFile } from 'node:fs/promises';

import { type Command, InvalidArgumentError } from 'commander';
import { parse, stringify } from 'yaml';

import { type Adoption, adoptionOf } from '../../adopt/adoption.ts';
import { describeAdoption } from '../../adopt/describe.ts';
import { type ForeignWorkload, readForeign } from '../../adopt/foreign-workload.ts';
import { propose } from '../../adopt/propose.ts';
import { type Recognised, recognise } from '../../adopt/recognise.ts';
import { signerSecrets } from '../../adopt/signers.ts';
import { API_VERSION } from '../../api/group.ts';
import { chains } from '../../chains/index.ts';
import type { SourceFile } from '../../desired/desired-set.ts';
import { readDesired } from '../../desired/read.ts';
import { describeProblem } from '../../desired/text/problem.ts';
import { connectCluster } from '../../kube/api-cluster.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { defined } from '../../lib/defined.ts';
import { isObject } from '../../lib/json-value.ts';
import { foreignPvcs, foreignSecrets, ownNodeOf, readObject } from './foreign-objects.ts';
import { contextOption, kubeconfigOption, nameArgument, namespaceOption, option, type SetExitCode } from '../option.ts';
import { policyFor } from '../policy-option.ts';

interface AdoptOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
  readonly from?: string;
  readonly name?: string;
  readonly chain?: string;
  readonly network?: string;
  readonly client: Readonly<Record<string, string>>;
  readonly executor?: string;
  readonly policy?: string;
  readonly spec?: string;
  readonly copy?: boolean;
  readonly write?: string;
  readonly format: 'text' | 'json';
}

export function addAdopt(program: Command, exit: SetExitCode): void {
  program
    .command('adopt')
    .description(
      'Plan the take-over of a StatefulSet, Deployment, Pod or PVC of another tool. Changes nothing in the cluster. Exit code 0: planned, 1: not possible as it is, 2: error.',
    )
    .argument('<object>', 'KIND/NAME with the kind statefulset (default), deployment, pod or pvc')
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(namespaceOption())
    .addOption(
      option('--from <namespace>', 'namespace of the object (default: that of --namespace)').argParser(nameArgument),
    ) // prettier-ignore
    .addOption(option('--name <name>', "the node's name (default: that of the object)").argParser(nameArgument))
    .addOption(option('--chain <chain>', 'only recognise clients of this chain'))
    .addOption(
      option(
        '--client <role=name>',
        'a client that the node has beside those of the object, e.g. cl=lighthouse; repeatable',
      )
        .argParser(clientArgument)
        .default({}, 'none'),
    )
    .addOption(option('--network <network>', 'the network, where the command line names none'))
    .addOption(
      option('--executor <name>', 'the controller that reconciles the node (default: that of the fleet)').argParser(
        nameArgument,
      ),
    ) // prettier-ignore
    .addOption(option('--policy <file>', 'policy file of the controller (default: the default policy)'))
    .addOption(option('--spec <file>', 'YAML file with fields of spec that the object does not show, e.g. genesis'))
    .addOption(option('--copy', 'copy the PVCs with their CSI driver instead of taking them over'))
    .addOption(option('--write <file>', 'write the node file, which must not exist'))
    .addOption(option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (object: string, options: AdoptOptions) => exit(await adopt(object, options)));
}

async function adopt(object: string, options: AdoptOptions): Promise<0 | 1> {
  const cluster = connectCluster(defined({ kubeconfig: options.kubeconfig, context: options.context }));
  try {
    const already = await ownNodeOf(cluster, object, options.from ?? options.namespace);
    if (already !== undefined) {
      const problems = [`${object} is already the node ${already}`];
      process.stdout.write(
        options.format === 'json' ? `${JSON.stringify({ problems }, null, 2)}\n` : `${problems[0]}\n`,
      );
      return 1;
    }
    const adoption = await plan(cluster, object, options);
    const isPossible = adoption.problems.length === 0;
    const written = options.write !== undefined && isPossible ? options.write : undefined;
    if (written !== undefined) await writeFile(written, adoption.file, { flag: 'wx' });
    process.stdout.write(
      options.format === 'json' ? `${JSON.stringify(adoption, null, 2)}\n` : `${describeAdoption(adoption, written)}\n`,
    );
    return isPossible ? 0 : 1;
  } finally {
    await cluster.close();
  }
}

async function plan(cluster: Cluster, text: string, options: AdoptOptions): Promise<Adoption> {
  const { namespace, from = namespace } = options;
  const { object, ordinal } = await readObject(cluster, text, from);
  const foreign = readForeign(object, ordinal);
  const found = recogniseWhole(foreign, options);
  const { network } = found;
  const { pvcs, bound } = await foreignPvcs(cluster, foreign);
  const secrets = await foreignSecrets(cluster, foreign);
  const signers = signerSecrets(found.chain, secrets.readable);
  const name = options.name ?? foreign.name;
  const signer = namespace === from ? signers[0]?.secret : undefined;
  const { executor, copy = false } = options;
  const more = options.spec === undefined ? {} : await readFields(options.spec);
  const proposal = propose(foreign, found, {
    name,
    namespace,
    executor,
    network,
    signer,
    pvcs,
    added: options.client,
    more,
  });
  const file = stringify(proposal.document, { lineWidth: 0 });
  const policy = await policyFor('.', defined({ policy: options.policy, namespace }));
  const source = { path: `nodes/${name}.yaml`, oid: 'adopted', text: file };
  const { nodes, problems } = readDesired([source, fleetOf(executor)], { defaultNamespace: namespace, policy });
  return adoptionOf({
    foreign,
    found,
    proposal,
    file,
    node: nodes.get(`${namespace}/${name}`)?.node,
    fileProblems: problems.filter(({ level }) => level === 'error').map(describeProblem),
    signers,
    unreadSecrets: secrets.unreadable,
    bound,
    copy,
  });
}

/** Throws where the client or its network is not known. */
function recogniseWhole(foreign: ForeignWorkload, options: AdoptOptions): Recognised & { readonly network: string } {
  const found = recognise(foreign, chains, options.chain);
  if (found === undefined) throw new Error(unknownClient(foreign.containers.map(({ image }) => image)));
  const network = options.network ?? found.network;
  if (network === undefined) throw new Error(unknownNetwork(found.chain.networks.map(({ name }) => name)));
  return { ...found, network };
}

function clientArgument(text: string, known: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, role, name] = /^([a-z]+)=([a-z][a-z0-9-]*)$/.exec(text) ?? [];
  if (role === undefined || name === undefined)
    throw new InvalidArgumentError('Give a role and a client, such as cl=lighthouse.');
  return { ...known, [role]: name };
}

async function readFields(file: string): Promise<Readonly<Record<string, unknown>>> {
  const content: unknown = parse(await readFile(file, 'utf8'));
  if (isObject(content)) return content;
  throw new Error(`${file} must be a YAML mapping with fields of spec, such as "genesis: {url: …}"`);
}

/** The node is judged alone: the repository that it goes to need not be here. */
function fleetOf(executor = 'primary'): SourceFile {
  const spec = { executors: [{ name: executor }], defaultExecutor: executor };
  const text = stringify({ apiVersion: API_VERSION, kind: 'Fleet', metadata: { name: 'fleet' }, spec });
  return { path: 'fleet.yaml', oid: 'adopted-fleet', text };
}

function unknownClient(images: readonly string[]): string {
  const known = chains.flatMap(({ roles }) => roles.flatMap(({ clients }) => clients.map(({ name }) => name)));
  return `no container runs a known client (images: ${images.join(', ')}); known: ${known.join(', ')}`;
}

function unknownNetwork(networks: readonly string[]): string {
  return `the command line names no network; give it with --network, e.g. ${networks.join(', ')}`;
}
