// What this controller can run here: its chains, and what the cluster offers.

import type { Capabilities, StorageClassView } from '../../api/capabilities.ts';
import type { KubeObject } from '../../api/objects.ts';
import { chains } from '../../chains/index.ts';
import type { Cluster, Kind } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isKubeError } from '../../kube/kube-error.ts';
import { textAt } from '../../lib/json-value.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Runtime } from '../engine/runtime.ts';
import { chainCapabilities } from './chain-capabilities.ts';

const FEATURES = ['drift-repair', 'guards', 'patches', 'status-branch', 'sync', 'volume-growth'];
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

export interface CapabilitiesReader {
  readonly current: Capabilities;
  /** Reads what the cluster offers again: classes may come at any time, and are not watched. */
  refresh(): Promise<void>;
}

/** A cluster that does not let us list classes (they are cluster-wide) is one without known classes, not an error. */
export async function readCapabilities(
  cluster: Cluster,
  runtime: Runtime,
  { spec }: Pick<Policy, 'spec'>,
): Promise<CapabilitiesReader> {
  const own = chains.map(chainCapabilities);
  const locations = Object.keys(spec.backupLocations ?? {});
  const read = async (): Promise<Capabilities> => ({
    chains: own,
    storageClasses: (await listed(KINDS.StorageClass, cluster, runtime))?.map(storageClass),
    snapshotClasses: (await listed(KINDS.VolumeSnapshotClass, cluster, runtime))?.map((one) => ({
      name: one.metadata.name,
      driver: textAt(one, ['driver']) ?? '',
    })),
    backupLocations: locations.length === 0 ? undefined : locations,
    features: FEATURES,
    kubernetes: await cluster.version().catch(() => undefined),
  });
  let current = await read();
  const { storageClasses = [], snapshotClasses = [], kubernetes } = current;
  runtime.log.info(
    { storageClasses: storageClasses.length, snapshotClasses: snapshotClasses.length, kubernetes },
    'Capabilities read',
  );
  for (const { name, warning } of storageClasses)
    if (warning !== undefined)
      runtime.log.warn({ storageClass: name, reason: warning }, 'Found unsuitable StorageClass');
  return {
    get current() {
      return current;
    },
    async refresh() {
      current = await read();
    },
  };
}

/** Undefined when they may not be listed; none where the cluster does not serve the kind. */
async function listed(kind: Kind, cluster: Cluster, { log }: Runtime): Promise<readonly KubeObject[] | undefined> {
  try {
    return await cluster.list(kind);
  } catch (error) {
    if (isKubeError(error, 'NOT_SERVED')) return [];
    log.warn({ err: error, kind: kind.kind }, 'Listing classes failed');
    return undefined;
  }
}

function storageClass(one: KubeObject): StorageClassView {
  const bindingMode = textAt(one, ['volumeBindingMode']) ?? 'Immediate';
  return {
    name: one.metadata.name,
    provisioner: textAt(one, ['provisioner']) ?? '',
    isDefault: one.metadata.annotations?.[DEFAULT_CLASS] === 'true',
    bindingMode,
    expandable: one['allowVolumeExpansion'] === true,
    ...(bindingMode === 'WaitForFirstConsumer' ? {} : { warning: BINDS_AT_ONCE }),
  };
}

const BINDS_AT_ONCE =
  'Volumes are bound before the pod is scheduled, perhaps where the pod cannot run. Use a class with volumeBindingMode: WaitForFirstConsumer.';
