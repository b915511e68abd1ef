// Identities that a Switchover exchanged: active until Git says the same, and commits that exchange them themselves.

export interface NodeIdentity {
  /** `namespace/name` */
  readonly node: string;
  readonly identity: string | undefined;
}

/** Node → the identity that replaces spec.identity. */
export type Overrides = ReadonlyMap<string, string>;

export interface ExchangeInput {
  /** What Git said before: the identities in the specs of the objects. */
  readonly before: readonly NodeIdentity[];
  readonly inGit: readonly NodeIdentity[];
  readonly overrides: Overrides;
}

/**
 * Pairs of nodes whose files exchange what they sign with: such a commit is carried out as a Switchover, never as two
 * changes. A pair that an override has exchanged already needs none. Each pair in the order of the names.
 */
export function exchangesIn({ before, inGit, overrides }: ExchangeInput): readonly (readonly [string, string])[] {
  const old = new Map(
    before.flatMap(({ node, identity }) => (identity === undefined ? [] : [[node, identity] as const])),
  );
  const owners = new Map([...old].map(([node, identity]) => [identity, node]));
  const wanted = new Map(inGit.map(({ node, identity }) => [node, identity]));
  return [...wanted].flatMap(([node, identity]) => {
    const other = identity === undefined ? undefined : owners.get(identity);
    if (other === undefined || other <= node || !old.has(node)) return [];
    const isExchange = wanted.get(other) === old.get(node) && identity !== old.get(node);
    const isDone = overrides.get(node) === identity && overrides.get(other) === wanted.get(other);
    return isExchange && !isDone ? [[node, other] as const] : [];
  });
}
