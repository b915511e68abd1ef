// `nodewright render NODE`: the Kubernetes objects of a node, as YAML.

import type { Command } from 'commander';
import { stringify } from 'yaml';

import { findChain } from '../chains/index.ts';
import { describeProblem } from '../desired/text/problem.ts';
import { readDesired } from '../desired/read.ts';
import { clip } from '../lib/clip.ts';
import { nearest } from '../lib/nearest.ts';
import { renderNode } from '../render/render-node.ts';
import { readDirectory } from './directory.ts';
import { nameArgument, namespaceOption, option, type SetExitCode } from './option.ts';
import { addPolicyOptions, policyFor, type PolicyOptions } from './policy-option.ts';

interface RenderOptions extends PolicyOptions {
  readonly dir: string;
}

export function addRender(program: Command, exit: SetExitCode): void {
  const command = program
    .command('render')
    .description('Print the Kubernetes objects of a node. Exit code 1: the node does not exist or is not valid.')
    .argument('<node>', 'name, or namespace/name')
    .addOption(option('--dir <dir>', "the repository's top folder").default('.'))
    .addOption(
      option('--executor <name>', 'with --policy-from: the controller whose policy is taken').argParser(nameArgument),
    )
    .addOption(namespaceOption());
  addPolicyOptions(command).action(async (name: string, options: RenderOptions) => exit(await render(name, options)));
}

async function render(name: string, options: RenderOptions): Promise<0 | 1> {
  const { dir, namespace } = options;
  const policy = await policyFor(dir, options);
  const { nodes, problems } = readDesired(await readDirectory(dir), { defaultNamespace: namespace, policy });
  const found = nodes.get(name.includes('/') ? name : `${namespace}/${name}`);
  if (found === undefined) {
    const known = [...nodes.keys()].sort();
    const list = `valid nodes: ${known.length === 0 ? 'none' : clip(known.join(', '), 500)}`;
    // Equal namespaces would make every name look like the other.
    const names = known.map((key) => key.slice(key.indexOf('/') + 1));
    const meant = nearest(name.slice(name.indexOf('/') + 1), names);
    const advice = meant === undefined ? list : `did you mean "${known[names.indexOf(meant)]}"?`;
    process.stderr.write(`error: there is no valid node ${name}; ${advice}\n`);
    for (const problem of problems) process.stderr.write(`${describeProblem(problem)}\n`);
    return 1;
  }
  const chain = findChain(found.node.spec.chain);
  if (chain === undefined) throw new Error(`unknown chain ${found.node.spec.chain}`);
  const rendered = renderNode(found.node, chain, { running: found.node.spec.desiredState === 'Running' });
  for (const { message } of rendered.problems) process.stderr.write(`error: ${message}\n`);
  process.stdout.write(rendered.objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join(''));
  return rendered.problems.length === 0 ? 0 : 1;
}
