// Whether one node can open the database of another.

/** A role that both have, with different clients: neither opens the other's database. `el=geth` each. */
export function foreignClient(
  theirs: readonly string[] = [],
  ours: readonly string[] = [],
): { readonly theirs: string; readonly ours: string } | undefined {
  for (const one of theirs) {
    const [role = ''] = one.split('=');
    const other = ours.find((candidate) => candidate.startsWith(`${role}=`));
    if (other !== undefined && other !== one) return { theirs: one, ours: other };
  }
  return undefined;
}
