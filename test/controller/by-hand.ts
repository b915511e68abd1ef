// What people do to a cluster by hand: as kubectl would, with a field manager of its own.

import {
  CoreV1Api,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';

export interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

export interface ByHand {
  /** A merge patch (RFC 7386), as `kubectl patch --type=merge`. */
  patch(target: Target, change: object): Promise<void>;
  /** The same of the status of a pod, as a kubelet does. */
  patchPodStatus(pod: Omit<Target, 'apiVersion' | 'kind'>, status: object): Promise<void>;
  remove(target: Target): Promise<void>;
  /** Any kind. Resolves to what deletes it. */
  create(object: KubernetesObject): Promise<() => Promise<void>>;
}

const MANAGER = 'kubectl-edit';

export function byHand(kubeconfig: string): ByHand {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const shape = ({
    apiVersion,
    kind,
    name,
    namespace,
  }: Target): { metadata: object; apiVersion: string; kind: string } => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
  });
  return {
    async patch(target, change) {
      const { metadata, ...rest } = change as { readonly metadata?: object };
      const base = shape(target);
      const body = { ...base, ...rest, metadata: { ...base.metadata, ...metadata } };
      await api.patch(body, undefined, undefined, MANAGER, undefined, PatchStrategy.MergePatch);
    },
    async patchPodStatus({ name, namespace }, status) {
      const core = config.makeApiClient(CoreV1Api);
      await core.patchNamespacedPodStatus(
        { name, namespace, body: { status } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
    },
    async remove(target) {
      await api.delete(shape(target));
    },
    async create(object) {
      const made = await api.create(object);
      return async () => void (await api.delete(made));
    },
  };
}
