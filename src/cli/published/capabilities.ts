// `--status-from`: what each controller can run, as it published it, and the declared nodes that it cannot run.

import { parse } from 'yaml';

import { Capabilities } from '../../api/capabilities.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';
import { openLocalRepository } from '../../git/local.ts';
import { outsideCapabilities } from '../../plan/judge-capabilities.ts';

/** By executor. A controller that published nothing that can be read restricts nothing. */
export async function publishedCapabilities(dir: string, revision: string): Promise<ReadonlyMap<string, Capabilities>> {
  const repository = await openLocalRepository(dir);
  try {
    const found = new Map<string, Capabilities>();
    for (const { path, oid, type } of await repository.list(await repository.resolve(revision))) {
      const executor = /^([^/]+)\/capabilities\.yaml$/.exec(path)?.[1];
      if (executor === undefined || type !== 'file') continue;
      const capabilities = readText(new TextDecoder().decode(await repository.read(oid)));
      if (capabilities === undefined) process.stderr.write(`warning: ${revision}:${path} cannot be read\n`);
      else found.set(executor, capabilities);
    }
    return found;
  } finally {
    await repository.close();
  }
}

function readText(text: string): Capabilities | undefined {
  try {
    return Capabilities.safeParse(parse(text)).data;
  } catch {
    return undefined;
  }
}

/** One error for each thing that the node's executor does not have. */
export function capabilityProblems(
  { nodes }: Pick<DesiredSet, 'nodes'>,
  published: ReadonlyMap<string, Capabilities>,
): readonly Problem[] {
  return [...nodes.values()].flatMap(({ node, file, line }) => {
    const executor = node.spec.executor ?? '';
    const capabilities = published.get(executor);
    if (capabilities === undefined) return [];
    return outsideCapabilities(node.spec, executor, capabilities).map((message): Problem => {
      return { level: 'error', code: 'OutsideCapabilities', file, line, column: 1, message };
    });
  });
}
