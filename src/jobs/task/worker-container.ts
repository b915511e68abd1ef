// Whether a container of a pod runs what the Job gave it: nothing that was added may change that.

import { isObject, listAt, textAt, valueAt } from '../../lib/json-value.ts';
import { sameJson } from '../../lib/stable-json.ts';

/** Judged by rules of their own; all other fields must be as in the Job, among them command, working directory, hooks and probes. */
const JUDGED = ['env', 'imagePullPolicy', 'resizePolicy', 'resources', 'securityContext', 'volumeMounts'];

/** Where admission puts certificates and sockets: nothing that the worker runs, or reads as its configuration, lies there. */
const MOUNTS_OF_OTHERS = ['/etc/pki/ca-trust/', '/etc/ssl/certs/', '/run/', '/var/run/', '/vault/'];

/**
 * What admission is known to add, and nothing in the worker pod reads: the addresses of the API server (AKS, Konnectivity), the
 * identities of clouds, the pod's own names, and where agents and collectors listen.
 * https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 * https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html
 * https://github.com/pfnet-research/gcp-workload-identity-federation-webhook
 * https://docs.datadoghq.com/containers/cluster_agent/admission_controller/
 * https://opentelemetry.io/docs/platforms/kubernetes/operator/automatic/
 */
const VARIABLES_OF_ADMISSION = new RegExp(
  `^(${[
    'KUBERNETES_(PORT(_443_TCP(_(ADDR|PORT|PROTO))?)?|SERVICE_(HOST|PORT(_HTTPS)?))',
    'AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|STS_REGIONAL_ENDPOINTS|REGION|DEFAULT_REGION)',
    'AWS_CONTAINER_(CREDENTIALS_FULL_URI|AUTHORIZATION_TOKEN_FILE)',
    'AZURE_(CLIENT_ID|TENANT_ID|FEDERATED_TOKEN_FILE|AUTHORITY_HOST)',
    'GOOGLE_APPLICATION_CREDENTIALS|CLOUDSDK_(AUTH_CREDENTIAL_FILE_OVERRIDE|CONFIG|COMPUTE_REGION|CORE_PROJECT)',
    '(POD|NODE|HOST)_(NAME|NAMESPACE|IP|UID)',
    'DD_(AGENT_HOST|DOGSTATSD_URL|ENTITY_ID|ENV|EXTERNAL_ENV|INTERNAL_ENTITY_ID|SERVICE|TRACE_AGENT_URL|VERSION)',
    'OTEL_(SERVICE_NAME|RESOURCE_ATTRIBUTES(_\\w+)?|EXPORTER_OTLP_ENDPOINT)',
  ].join('|')})$`,
);

/** A proxy is believed only when admission gives it to a pod like the Job's: the engine sends the copy through it. */
const PROXIES = /^(HTTP|HTTPS|NO)_PROXY$/;

/** Why the live container is not the Job's; undefined when it is. `pod` is the security context of the pod of the Job. */
export function whyOtherContainer(ours: unknown, live: unknown, pod: unknown): string | undefined {
  if (!isObject(ours) || !isObject(live)) return 'is missing';
  const fixed = Object.keys({ ...ours, ...live }).filter((name) => !JUDGED.includes(name));
  const other = fixed.find((name) => !sameJson(ours[name], live[name]));
  if (other !== undefined) return `has another ${other}`;
  // Limits are often set by admission; a claim brings a device, with files and hooks of its driver.
  if (!sameJson(valueAt(ours, ['resources', 'claims']), valueAt(live, ['resources', 'claims'])))
    return 'has other claims of resources';
  if (!isAsSecure(ours['securityContext'], live['securityContext'], pod)) return 'has another securityContext';
  return whyOtherVariables(ours, live) ?? whyOtherMounts(ours, live);
}

function whyOtherVariables(ours: unknown, live: unknown): string | undefined {
  const { missing, added } = compared(listAt(ours, ['env']), listAt(live, ['env']));
  if (missing.length > 0) return `has another env: ${textAt(missing[0], ['name'])} is not as in the Job`;
  const names = listAt(ours, ['env']).map((one) => textAt(one, ['name']));
  for (const one of added) {
    const name = textAt(one, ['name']) ?? '';
    // Of two entries the last one counts.
    if (names.includes(name)) return `has the variable ${name} twice`;
    names.push(name);
    if (!VARIABLES_OF_ADMISSION.test(name)) return `has the variable ${name}`;
  }
  return undefined;
}

function whyOtherMounts(ours: unknown, live: unknown): string | undefined {
  const { missing, added } = compared(listAt(ours, ['volumeMounts']), listAt(live, ['volumeMounts']));
  if (missing.length > 0) return `has another volumeMounts: ${textAt(missing[0], ['mountPath'])} is not as in the Job`;
  const path = added
    .map((one) => textAt(one, ['mountPath']) ?? '')
    .find((one) => !isPlain(one) || !MOUNTS_OF_OTHERS.some((place) => `${one}/`.startsWith(place)));
  return path === undefined ? undefined : `mounts ${path} as well`;
}

/** The runtime resolves `/run/../app`; the API server takes it as it is. */
function isPlain(path: string): boolean {
  return /^(\/[\w.@+=-]+)+$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path);
}

/** What each list has that the other has not; an entry that comes twice counts as added. */
function compared(ours: readonly unknown[], live: readonly unknown[]): { missing: unknown[]; added: unknown[] } {
  const missing = [...ours];
  const added = live.filter((one) => {
    const index = missing.findIndex((mine) => sameJson(mine, one));
    if (index >= 0) missing.splice(index, 1);
    return index < 0;
  });
  return { missing, added };
}

/** What may be set besides, because it takes rights away or says what the pod says: field → the values. */
const AS_SECURE: Readonly<Record<string, readonly unknown[]>> = {
  allowPrivilegeEscalation: [false],
  privileged: [false],
  procMount: ['Default'],
  readOnlyRootFilesystem: [true],
  runAsNonRoot: [true],
};
const AS_THE_POD = ['runAsGroup', 'runAsUser', 'seccompProfile'];

function isAsSecure(ours: unknown, live: unknown, pod: unknown): boolean {
  const names = Object.keys({ ...(isObject(ours) ? ours : {}), ...(isObject(live) ? live : {}) });
  return names.every((name) => {
    const [mine, theirs] = [valueAt(ours, [name]), valueAt(live, [name])];
    if (mine !== undefined || theirs === undefined) return sameJson(mine, theirs);
    if (AS_THE_POD.includes(name)) return sameJson(theirs, valueAt(pod, [name]));
    return name === 'seLinuxOptions' ? isLevel(theirs) : AS_SECURE[name]?.includes(theirs) === true;
  });
}

/** OpenShift gives each namespace a level; a type or a user could take all confinement away. */
export function isLevel(options: unknown): boolean {
  return isObject(options) && Object.keys(options).every((name) => name === 'level');
}

/** The container with what admission gave its like: the image, such as that of a mirror, and the proxy. */
export function asAdmitted(ours: unknown, admitted: unknown): object {
  const container = isObject(ours) ? ours : {};
  const names = listAt(ours, ['env']).map((one) => textAt(one, ['name']));
  const proxies = listAt(admitted, ['env']).filter((one) => {
    const name = textAt(one, ['name']) ?? '';
    return PROXIES.test(name) && !names.includes(name);
  });
  return {
    ...container,
    image: valueAt(admitted, ['image']),
    ...(proxies.length === 0 ? {} : { env: [...listAt(ours, ['env']), ...proxies] }),
  };
}
