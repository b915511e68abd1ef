// The fleet that is measured: one file a node, as a person would write it.

export const EXECUTOR = 'bench';
/** Of every second node, when a fleet has two. */
export const SECOND_EXECUTOR = 'bench-2';

export interface FleetShape {
  readonly size: number;
  /**
   * How many nodes have all their objects (but no pod: they are stopped). The others are suspended: custom resources
   * alone, which is the work that other tools were measured with.
   */
  readonly complete: number;
  /** What the nodes with objects do; default: stopped. */
  readonly wish?: keyof typeof WISHES;
  /** Default: one. */
  readonly executors?: 1 | 2;
}

/** Path → text of the whole repository. */
export function fleetFiles({ size, complete, wish = 'stopped', executors = 1 }: FleetShape): Record<string, string> {
  const files: Record<string, string> = { 'fleet.yaml': fleetText(executors) };
  for (let index = 0; index < size; index++) {
    const text = nodeText(index, index < complete ? WISHES[wish] : WISHES.suspended);
    files[nodePath(index)] = executors === 2 && index % 2 === 1 ? `${text}  executor: ${SECOND_EXECUTOR}\n` : text;
  }
  return files;
}

/** `node-0042` */
export function nodeName(index: number): string {
  return `node-${String(index).padStart(4, '0')}`;
}

/** A hundred nodes a folder. */
export function nodePath(index: number): string {
  return `nodes/group-${String(Math.floor(index / 100)).padStart(2, '0')}/${nodeName(index)}.yaml`;
}

/** `wish` is what the node should do; `grace` the number that the measurements change. */
export function nodeText(index: number, wish: string, grace = 300): string {
  return `# Node ${index} of the measured fleet.
apiVersion: validatoros.com/v1alpha1
kind: BlockchainNode
metadata:
  name: ${nodeName(index)}
  labels:
    team: bench
spec:
  chain: ethereum
  network: dev
  ${wish}
  terminationGracePeriodSeconds: ${grace}
  clients:
    el:
      name: geth
      version: 1.16.7
  storage:
    data:
      size: 1Gi
  resources:
    el:
      requests: { cpu: 50m, memory: 128Mi }
      limits: { memory: 1Gi }
`;
}

export const WISHES = {
  stopped: 'desiredState: Stopped',
  running: 'desiredState: Running',
  suspended: 'suspend: true',
} as const;

function fleetText(executors: number): string {
  return `apiVersion: validatoros.com/v1alpha1
kind: Fleet
metadata:
  name: fleet
spec:
  executors:
    - name: ${EXECUTOR}
${executors === 2 ? `    - name: ${SECOND_EXECUTOR}\n` : ''}  defaultExecutor: ${EXECUTOR}
`;
}

/** A file more, which moves every node to another version of its client. */
export const CHANGE_OF_ALL = {
  'patches/version.yaml': `apiVersion: validatoros.com/v1alpha1
kind: FleetPatch
metadata:
  name: version
spec:
  match:
    chain: ethereum
  patch:
    - op: replace
      path: /clients/el/version
      value: 1.17.9
`,
};
