// `nodewright render NODE`: the Kubernetes objects that a node becomes, as YAML.

import type { Command } from 'commander';
import { stringify } from 'yaml';

import { DEFAULT_NAMESPACE } from '../api/group.ts';
import { findChain } from '../chains/index.ts';
import { describeProblem } from '../desired/problem.ts';
import { readDesired } from '../desired/read.ts';
import { renderNode } from '../render/render-node.ts';
import { readDirectory } from './directory.ts';
import { option, type SetExitCode } from './option.ts';

export function addRender(program: Command, exit: SetExitCode): void {
  program
    .command('render')
    .description('Print the Kubernetes objects that a node becomes.')
    .argument('<node>', 'name, or namespace/name')
    .addOption(option('--dir <dir>', 'the repository').default('.'))
    .action(async (name: string, { dir }: { dir: string }) => exit(await render(name, dir)));
}

async function render(name: string, dir: string): Promise<0 | 1> {
  const { nodes, problems } = readDesired(await readDirectory(dir), { defaultNamespace: DEFAULT_NAMESPACE });
  const found = nodes.get(name.includes('/') ? name : `${DEFAULT_NAMESPACE}/${name}`);
  if (found === undefined) {
    const known = [...nodes.keys()].sort().join(', ');
    process.stderr.write(`error: there is no valid node ${name}; there are: ${known === '' ? 'none' : known}\n`);
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
