// Where a node of a test answers: at the pod that it has at that moment.

/** Who knows which pod a node has now. */
export interface PodFinder {
  pod(name: string): { readonly status?: { readonly podIP?: string } } | undefined;
}

/** Throws while there is none. */
export function addressOf(world: PodFinder, name: string): string {
  const address = world.pod(name)?.status?.podIP;
  if (address === undefined) throw new Error(`${name} has no address now`);
  return address;
}
