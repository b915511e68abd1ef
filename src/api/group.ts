// Names that all modules share: API group, labels, annotations, field manager.

export const GROUP = 'validatoros.com';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** How the API server calls a kind of this group, in paths and permissions: `backups`, `switches`, `retries`. */
export function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

/** The API group of the CITA-Cloud operator. Its documents are accepted and converted. */
export const CITA_API_VERSION = 'citacloud.rivtower.com/v1';

/** Namespace of nodes whose file names none; NOVACULA_OPERATOR_NAMESPACE overrides it. */
export const DEFAULT_NAMESPACE = 'novacula-system';

/** Field manager of everything the controller applies. */
export const FIELD_MANAGER = 'nodewright';

export const LABEL = {
  /** On every object of a node: the name of the node. */
  node: 'novacula.com/node',
  managedBy: 'app.kubernetes.io/managed-by',
  name: 'app.kubernetes.io/name',
  component: 'app.kubernetes.io/component',
  chain: 'validatoros.com/chain',
  network: 'validatoros.com/network',
  /** On every BlockchainNode that came from Git: the executor that owns it. */
  executor: 'validatoros.com/executor',
  /** On pods and objects of a one-shot job. */
  job: 'validatoros.com/job',
} as const;

export const ANNOTATION = {
  /** On the CRDs: the revision of their schemas. An older controller keeps a CRD with a higher number. */
  schemaRevision: 'validatoros.com/schema-revision',
  /** The file in Git that a BlockchainNode came from. */
  file: 'validatoros.com/file',
  /** The revision at which the object was last changed, `branch@sha1:…`; never compared. */
  revision: 'validatoros.com/revision',
  /** Digest of the object as it was last applied; distinguishes a commit from drift. */
  applied: 'validatoros.com/applied',
  /** Digest of the spec alone as it was applied from Git; a spec that differs is restored, never acted on. */
  appliedSpec: 'validatoros.com/applied-spec',
  /** Digest of a pod's configuration: a change restarts the pod. */
  configDigest: 'validatoros.com/config-digest',
  /** spec.restartGeneration as rendered into the pod template. */
  restartGeneration: 'validatoros.com/restart-generation',
  /** On a job request in Git: "true" starts the nodes that the job keeps stopped. */
  release: 'validatoros.com/release',
  /** On a job: why its request was withdrawn, as text; absent while Git declares the request. */
  withdrawn: 'validatoros.com/withdrawn',
  /** Rules of the policy that the node breaks and the policy waives, sorted and separated by commas. */
  policyExceptions: 'validatoros.com/policy-exceptions',
  /** On Events that say what is so until the next of them: when it was said, RFC 3339 with milliseconds. */
  saidAt: 'validatoros.com/said-at',
  /** On the PVCs of a node: the client of each role whose data they hold, `el=geth,cl=lighthouse`. */
  clients: 'validatoros.com/clients',
  /** On the Lease of a controller: SHA-256 of a secret that its holder alone knows. */
  leaseProof: 'validatoros.com/lease-proof',
  /** On the Lease of a controller: the secret of the last holder that gave it back, as a proof that it has stopped. */
  leaseReleased: 'validatoros.com/lease-released',
  /** An opaque token: a new value requests one reconciliation now. */
  reconcileAt: 'validatoros.com/reconcile-at',
} as const;

/** Besides the headless Service, a node has Services named `<node>-<suffix>`: no other node may have such a name. */
export const SERVICE_SUFFIX = { rpc: 'rpc', p2p: 'p2p' } as const;
