// Where on its volume the data of another tool's client lie, and which volume of a node fits that place.

import { bareName } from '../chains/setting-name.ts';
import type { ForeignWorkload } from './foreign-workload.ts';
import type { RecognisedRole } from './recognise.ts';

export interface DataFolder {
  readonly role: string;
  readonly pvc: string;
  /** Folder below the top of the volume; empty when the data lie at the top. */
  readonly folder: string;
  /** The flag that names the folder; undefined when the only PVC of the container was taken. */
  readonly flag: string | undefined;
}

const FLAGS = ['datadir', 'data-dir', 'data-path', 'home', 'd'].map(bareName);

/** Undefined when the container mounts no PVC at its data folder. */
export function dataFolderOf({ role, container, line }: RecognisedRole, pod: ForeignWorkload): DataFolder | undefined {
  const mounts = container.mounts.flatMap((mount) => {
    const pvc = pod.pvcs.get(mount.volume);
    return pvc === undefined ? [] : [{ ...mount, pvc }];
  });
  const flag = line.flags.find(({ name, value }) => FLAGS.includes(bareName(name)) && value.startsWith('/'));
  if (flag === undefined) {
    const [only, ...others] = mounts;
    return only === undefined || others.length > 0
      ? undefined
      : { role, pvc: only.pvc, folder: only.subPath, flag: undefined };
  }
  const path = flag.value.replace(/(?<=.)\/+$/, '');
  const holding = mounts
    .filter((mount) => path === mount.path || path.startsWith(mount.path === '/' ? '/' : `${mount.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  if (holding === undefined) return undefined;
  const below = path.slice(holding.path.length).replace(/^\/+/, '');
  return {
    role,
    pvc: holding.pvc,
    folder: [holding.subPath, below].filter((part) => part !== '').join('/'),
    flag: flag.name,
  };
}
