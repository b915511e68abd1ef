// The front page of the status branch, in short turns: what others wrote may be much.

import { renderReadmeInSteps } from '../../status/readme.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { runYielding } from '../engine/run-yielding.ts';
import type { PublishDeps } from './deps.ts';
import { withinBudget } from './readable-files.ts';
import { followedExecutors } from './followed.ts';

type Files = ReadonlyMap<string, string>;

export async function sharedFiles(tree: Files, deps: PublishDeps): Promise<Files> {
  const { published, runtime } = deps;
  const readable = withinBudget(tree, followedExecutors(deps));
  const { leftOut } = readable;
  if (leftOut.length > 0 && !sameJson(leftOut, published.leftOut))
    runtime.log.warn(
      { folders: leftOut.slice(0, 20), count: leftOut.length },
      'Leaving out folders of the status branch: they are too large together. Remove those of executors that do not exist',
    );
  published.leftOut = leftOut;
  return new Map([['README.md', await runYielding(renderReadmeInSteps(readable, published.reader))]]);
}
