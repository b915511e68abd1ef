// The names that everything shares: API group, labels, annotations, field managers.

export const GROUP = 'validatoros.com';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** The second seed's group: its documents are accepted and become ours. */
export const SEED_API_VERSION = 'citacloud.rivtower.com/v1';

/** Where nodes live unless their file says otherwise; NOVACULA_OPERATOR_NAMESPACE overrides it. */
export const DEFAULT_NAMESPACE = 'novacula-system';

/** Field manager of everything the controller applies. */
export const FIELD_MANAGER = 'nodewright';

export const LABEL = {
  /** On every object of a node: its name. The seed's label. */
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
  /** On our CRDs: how often their schemas were changed. An older controller keeps a definition with a higher number. */
  schemaRevision: 'validatoros.com/schema-revision',
  /** The file in Git that a BlockchainNode came from. */
  file: 'validatoros.com/file',
  /** The revision at which the object was last changed, `branch@sha1:…`; never compared. */
  revision: 'validatoros.com/revision',
  /** Digest of the object as it was last applied; tells our own change from drift. */
  applied: 'validatoros.com/applied',
  /** Digest of the spec alone as it was applied from Git; a spec that differs is put back, never acted on. */
  appliedSpec: 'validatoros.com/applied-spec',
  /** Digest of a pod's configuration: a change restarts the pod. */
  configDigest: 'validatoros.com/config-digest',
  /** spec.restartGeneration as rendered into the pod template. */
  restartGeneration: 'validatoros.com/restart-generation',
  /** On a request in Git: "true" has the nodes that it left held started in spite of everything. */
  release: 'validatoros.com/release',
  /** On a request's object: why nobody wants it any more, in words; absent while somebody does. */
  withdrawn: 'validatoros.com/withdrawn',
  /** Rules of the policy that the node breaks and the policy waives, sorted and separated by commas. */
  policyExceptions: 'validatoros.com/policy-exceptions',
  /** An opaque token: a new value asks for one pass now. */
  reconcileAt: 'validatoros.com/reconcile-at',
} as const;

/** A node's Services beside the headless one are called `<node>-<suffix>`: no other node may have such a name. */
export const SERVICE_SUFFIX = { rpc: 'rpc', p2p: 'p2p' } as const;
