// `--status-from`: what each controller can run, as it published it, and the declared nodes that it cannot run.

import { parse } from 'yaml';

import { Capabilities } from '../../api/capabilities.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';
import { openLocalRepository } from '../../git/local.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';
import { outsideCapabilities, unknownSnapshots } from '../../plan/judge-capabilities.ts';

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

/** One error for each thing that the executor of a node or a request does not have. */
export function capabilityProblems(
  { nodes, requests }: Pick<DesiredSet, 'nodes' | 'requests'>,
  published: ReadonlyMap<string, Capabilities>,
): readonly Problem[] {
  const problem = ({ file, line }: { readonly file: string; readonly line: number }, message: string): Problem => {
    return { level: 'error', code: 'OutsideCapabilities', file, line, column: 1, message };
  };
  const ofNodes = [...nodes.values()].flatMap((one) => {
    const executor = one.node.spec.executor ?? '';
    const capabilities = published.get(executor);
    if (capabilities === undefined) return [];
    return outsideCapabilities(one.node.spec, executor, capabilities).map((message) => problem(one, message));
  });
  const ofRequests = [...requests.values()].flatMap((one) => {
    const capabilities = published.get(one.executor);
    const asked = valueAt(one.request.spec, ['destination', 'volumeSnapshot']);
    if (capabilities === undefined || asked === undefined) return [];
    const message = unknownSnapshots(textAt(asked, ['className']), one.executor, capabilities);
    return message === undefined ? [] : [problem(one, message)];
  });
  return [...ofNodes, ...ofRequests];
}
