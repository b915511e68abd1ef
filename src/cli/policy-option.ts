// `--policy` and `--policy-from`: the policy by which files are checked before they are merged.

import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import type { PolicySpec } from '../api/policy.ts';
import { completePolicy, readPolicy } from '../desired/policy-file.ts';
import { describeProblem } from '../desired/text/problem.ts';
import { openLocalRepository } from '../git/local.ts';
import { defined } from '../lib/defined.ts';
import { byExecutor } from '../policy/by-executor.ts';
import type { Policy } from '../policy/policy.ts';
import { option } from './option.ts';
import { secretNamesArgument } from './run/arguments.ts';

export interface PolicyOptions {
  readonly policy?: string;
  readonly policyFrom?: string;
  readonly executor?: string;
  readonly namespace: string;
}

/** Adds both options to a command that reads a repository. */
export function addPolicyOptions(command: Command): Command {
  return command
    .addOption(option('--policy <file>', 'policy file of the controller (default: the default policy)'))
    .addOption(
      option(
        '--policy-from <revision>',
        'use the policy that a controller published, e.g. refs/remotes/origin/nodewright-status; with several controllers also --executor',
      ).conflicts('policy'),
    );
}

/** The policy that the options name. Throws with every problem of its file. */
export async function policyFor(dir: string, options: PolicyOptions): Promise<Policy> {
  const { policy, policyFrom, namespace } = options;
  if (policyFrom !== undefined) return completePolicy(await publishedPolicy(dir, policyFrom, options), { namespace });
  return completePolicy(policy === undefined ? {} : await readPolicyFile(policy), { namespace });
}

export interface Judging {
  readonly policy: Policy;
  /** What the plan of that executor says of it. */
  nameOf(executor: string): string;
}

/** For a plan of several executors: with a status branch each is judged by the policy that its own controller published. */
export async function policiesFor(dir: string, options: PolicyOptions): Promise<Judging> {
  const { policyFrom, namespace, policy, executor } = options;
  if (policyFrom === undefined)
    return { policy: await policyFor(dir, options), nameOf: () => policy ?? DEFAULT_POLICY };
  const specs = await publishedPolicies(dir, policyFrom);
  const isMissing = specs.size === 0 || (executor !== undefined && !specs.has(executor));
  if (isMissing) throw new Error(missingPolicy(policyFrom, executor, [...specs.keys()]));
  const policies = new Map([...specs].map(([name, spec]) => [name, completePolicy(spec, { namespace })] as const));
  return {
    policy: byExecutor(policies, completePolicy({}, { namespace })),
    nameOf: (name) => (specs.has(name) ? `${policyFrom}:${name}/policy.yaml` : `${DEFAULT_POLICY}; none is published`),
  };
}

const DEFAULT_POLICY = 'the default policy';

export interface ControllerPolicyOptions {
  readonly policy?: string;
  readonly reservedSecrets?: readonly string[];
  readonly namespace: string;
  /** The controller's own image. */
  readonly image: string;
  /** Its own Deployment, where it may change its version. */
  readonly selfUpdate?: object;
}

/** Adds the options of `run`. */
export function addControllerPolicyOptions(command: Command): Command {
  return command
    .addOption(
      option('--policy <file>', 'policy file: what the repository may ask for (default: a restrictive policy)'),
    )
    .addOption(
      option(
        '--reserved-secrets <names>',
        "Secrets with the controller's credentials, separated by commas; no node may use them",
      ).argParser(secretNamesArgument),
    );
}

/**
 * The policy of the controller at its start. An invalid file is an error, so that the default never applies silently.
 * `namespaces` are the only ones that the controller has rights in; undefined when it has rights in all.
 */
export async function controllerPolicy(
  options: ControllerPolicyOptions,
  namespaces: readonly string[] | undefined,
): Promise<Policy> {
  const { policy, namespace, image, reservedSecrets } = options;
  const selfUpdate = options.selfUpdate !== undefined;
  const spec = policy === undefined ? {} : await readPolicyFile(policy);
  if (namespaces !== undefined) requireReachable(spec, namespaces);
  const reachable = defined({ namespaces: spec.namespaces ?? namespaces?.slice() });
  return completePolicy(
    { ...spec, ...reachable },
    defined({ namespace, workerImage: image, reservedSecrets, selfUpdate }),
  );
}

/** Throws for a namespace that the policy names and the controller has no rights in. A pattern names none. */
function requireReachable({ namespaces = [], jobs }: PolicySpec, reachable: readonly string[]): void {
  const outside = [...namespaces, ...(jobs?.foreignNamespaces ?? [])].filter(
    (name) => !name.includes('*') && !reachable.includes(name),
  );
  if (outside.length === 0) return;
  throw new Error(
    `the policy allows ${outside.join(', ')}, which this controller does not watch; add to --only-namespaces, or remove from the policy`,
  );
}

async function readPolicyFile(file: string): Promise<PolicySpec> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`the policy ${file} cannot be read (${error.code})`);
  });
  return specIn(file, text);
}

function specIn(file: string, text: string): PolicySpec {
  const read = readPolicy(file, text);
  if (read.ok) return read.spec;
  throw new Error(`the policy is not valid:\n${read.problems.map(describeProblem).join('\n')}`);
}

async function publishedPolicy(dir: string, revision: string, { executor }: PolicyOptions): Promise<PolicySpec> {
  const published = await publishedPolicies(dir, revision);
  const [first, second] = [...published].filter(([name]) => executor === undefined || name === executor);
  if (first === undefined) throw new Error(missingPolicy(revision, executor, [...published.keys()]));
  if (second !== undefined) throw new Error(`${revision} has policies of several controllers; add --executor`);
  return first[1];
}

function missingPolicy(revision: string, executor: string | undefined, known: readonly string[]): string {
  const whose = executor === undefined ? '' : ` of ${executor}`;
  return `${revision} has no policy${whose}; it has: ${known.join(', ') || 'none'}`;
}

/** By executor. Throws for an invalid one. */
async function publishedPolicies(dir: string, revision: string): Promise<ReadonlyMap<string, PolicySpec>> {
  const repository = await openLocalRepository(dir);
  try {
    const entries = await repository.list(await repository.resolve(revision));
    const found = new Map<string, PolicySpec>();
    for (const { path, oid } of entries.filter((one) => /^[^/]+\/policy\.yaml$/.test(one.path))) {
      const text = new TextDecoder().decode(await repository.read(oid));
      found.set(path.split('/')[0] ?? '', specIn(`${revision}:${path}`, text));
    }
    return found;
  } finally {
    await repository.close();
  }
}
