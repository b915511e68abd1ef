// Affinities as a patch may write them.

const ZONE = { topologyKey: 'topology.kubernetes.io/zone', labelSelector: {} };

/** Keeps the pods of all namespaces from the whole zone. */
export const ALONE_IN_ITS_ZONE = {
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...ZONE, namespaceSelector: {} }] },
};

/** Prefers a zone by the pods of some namespaces. */
export function nearTo(namespaces: readonly string[]): object {
  const podAffinityTerm = { ...ZONE, namespaces };
  return { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] } };
}
