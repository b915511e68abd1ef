// What runs for a node, in the words of a chain: render/ makes Kubernetes objects from it.

export interface Workload {
  /** In start order. The first is the one that `kubectl logs` shows by default. */
  readonly containers: readonly ContainerSpec[];
  /** Run one after another before the containers, every time the pod starts: must be idempotent. */
  readonly initContainers: readonly ContainerSpec[];
  /** Files of the ConfigMap, by key. Nothing secret. */
  readonly files: Readonly<Record<string, string>>;
  /** Secrets the controller makes once per node and never shows. */
  readonly generatedSecrets: readonly GeneratedSecret[];
  /** Volumes this chain needs beyond spec.storage's `data`, by name; each needs an entry in spec.storage. */
  readonly volumes: readonly string[];
  readonly terminationGracePeriodSeconds: number;
  /** Numeric user and group that own the data. */
  readonly uid: number;
  readonly gid: number;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The variable that holds the name of the pod. */
  readonly podNameVariable?: string;
  readonly ports?: readonly Port[];
  readonly mounts: readonly Mount[];
  /** true: the program writes beside its data (JVM, .NET, Node); otherwise the root filesystem is read-only. */
  readonly writableRoot?: boolean;
  readonly workingDir?: string;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

export interface Port {
  /** At most 15 characters, unique within the pod: `el-rpc`. */
  readonly name: string;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
  /** `p2p` is offered to the outside through spec.serviceType; `rpc` and `metrics` stay inside the cluster. */
  readonly purpose: 'rpc' | 'p2p' | 'metrics' | 'internal';
  /** Where a scraper finds the metrics, for `metrics` ports. */
  readonly path?: string;
}

export type Mount =
  /** A volume of spec.storage. */
  | {
      readonly kind: 'storage';
      readonly name: string;
      readonly path: string;
      readonly subPath?: string;
      readonly readOnly?: boolean;
    }
  /**
   * A file that says whether a pod with the key of the node ran on its volumes before: `used` or `new`. Read at each start
   * of a pod; a change restarts none.
   */
  | { readonly kind: 'signerVolume'; readonly path: string }
  /** One file of `Workload.files`. */
  | { readonly kind: 'file'; readonly key: string; readonly path: string }
  /** All keys of a generated secret, as files in a folder. */
  | { readonly kind: 'generated'; readonly name: string; readonly path: string }
  /** All keys of a Secret the user owns (spec.identity), as files in a folder. */
  | { readonly kind: 'secret'; readonly name: string; readonly path: string }
  /** One key of a ConfigMap the user owns, as a file. */
  | { readonly kind: 'configMap'; readonly name: string; readonly key: string; readonly path: string }
  /** An empty folder that lives as long as the pod. */
  | { readonly kind: 'scratch'; readonly name: string; readonly path: string };

export interface GeneratedSecret {
  /** Suffix: the Secret is `<node>-<name>`. */
  readonly name: string;
  readonly keys: Readonly<Record<string, GeneratedValue>>;
}

export type GeneratedValue =
  /** Random bytes, as lower-case hex. */
  | { readonly kind: 'hex'; readonly bytes: number }
  /** A text that is not secret but belongs beside the secret, such as a user name. */
  | { readonly kind: 'text'; readonly value: string }
  /** What a client wants to read, made from the value of `passwordKey` in the same Secret and 16 random bytes in hex. */
  | {
      readonly kind: 'derived';
      readonly passwordKey: string;
      readonly make: (password: string, salt: string) => string;
    };

export type Probe =
  | { readonly kind: 'tcp'; readonly port: number; readonly periodSeconds: number; readonly failureThreshold: number }
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly periodSeconds: number;
      readonly failureThreshold: number;
    };
