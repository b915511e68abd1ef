// Objects that have the name of one of ours. The watches show what carries our label; anything else is asked for here.

import { LABEL } from '../../../api/group.ts';
import { keyOf, type KubeObject, type Ref } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { KubeError } from '../../../kube/kube-error.ts';
import type { OwnedKind } from '../../engine/notices.ts';
import type { Watches } from '../watches.ts';

export interface Namesakes {
  /** The object, which the watch of its kind does not show as one of its node; undefined when there is none. */
  find(kind: OwnedKind, ref: Ref): Promise<KubeObject | undefined>;
}

interface NamesakesOptions {
  readonly cluster: Pick<Cluster, 'get' | 'listMetadata'>;
  readonly watches: Pick<Watches, 'isLabelled'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** So many questions about one kind in one namespace within BURST_MS are answered by one list. */
const BURST = 5;
const BURST_MS = 10_000;
/** How old a list may be. What is created meanwhile is not taken over either: a first apply never forces its fields. */
const FRESH_MS = 500;

/** A fleet that is built asks for thousands of names that do not exist: one list of the objects without our label has them all. */
export function createNamesakes({ cluster, watches, now }: NamesakesOptions): Namesakes {
  const groups = new Map<string, Group>();

  function groupOf(kind: OwnedKind, namespace: string): Group {
    const id = `${kind} ${namespace}`;
    const group = groups.get(id) ?? new Group(async () => await listUnlabelled(kind, namespace, cluster));
    groups.set(id, group);
    return group;
  }

  return {
    async find(kind, ref) {
      const { name, namespace = '' } = ref;
      const names = await groupOf(kind, namespace).names(now());
      const isAbsent =
        names?.has(name) === false && !watches.isLabelled(kind, keyOf({ metadata: { namespace, name } }));
      return isAbsent ? undefined : await cluster.get(ref);
    },
  };
}

type Names = ReadonlySet<string>;

/** The objects of one kind in one namespace. */
class Group {
  readonly #list: () => Promise<Names | undefined>;
  /** When the last questions came, the latest last. */
  #asked: readonly number[] = [];
  #listed: { readonly at: number; readonly names: Promise<Names | undefined> } | undefined;

  constructor(list: () => Promise<Names | undefined>) {
    this.#list = list;
  }

  /** Undefined where a question of its own is cheaper, or there are too many names to list. */
  async names(now: number): Promise<Names | undefined> {
    this.#asked = [...this.#asked, now].slice(-BURST);
    const [first = now] = this.#asked;
    if (this.#asked.length < BURST || now - first > BURST_MS) return undefined;
    if (this.#listed === undefined || now - this.#listed.at > FRESH_MS) this.#listed = { at: now, names: this.#list() };
    return await this.#listed.names;
  }
}

/** Undefined when there is no such list: each name is asked for then, which says what is wrong. */
async function listUnlabelled(
  kind: OwnedKind,
  namespace: string,
  cluster: Pick<Cluster, 'listMetadata'>,
): Promise<Names | undefined> {
  try {
    const found = await cluster.listMetadata(KINDS[kind], { namespace, labelSelector: `!${LABEL.node}` });
    return new Set(found.map(({ metadata }) => metadata.name));
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
