// What service accounts asked of a cluster's API server, and which single objects were read: its audit log.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterState } from './state.ts';

/** One request, as a rule of RBAC describes it. */
export interface AuditedRequest {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `pods/log`. */
  readonly resource: string;
  /** Absent for kinds without one, and for requests to all. */
  readonly namespace?: string;
  readonly name?: string;
  readonly allowed: boolean;
}

/** The controllers of Kubernetes itself are left out: they ask the most. */
const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', userGroups: ['system:serviceaccounts:kube-system'] },
    { level: 'Metadata', userGroups: ['system:serviceaccounts'] },
    // Of a controller beside the cluster, which has the rights of its user, only what the benchmark counts.
    { level: 'Metadata', userGroups: ['system:masters'], verbs: ['get'] },
    { level: 'None' },
  ],
};

/** Flags of the API server that make it write the log. */
export function auditFlags({ directory }: ClusterState): readonly string[] {
  const policy = join(directory, 'audit-policy.json');
  writeFileSync(policy, JSON.stringify(POLICY));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${logPath(directory)}`];
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** Requests of one service account for objects, each kind of request once. */
export function auditedRequests({ directory }: Place, account: string): readonly AuditedRequest[] {
  const requests = eventsIn(directory)
    .filter(({ user }) => user.username === `system:serviceaccount:${account}`)
    .flatMap(requestOf);
  return [...new Map(requests.map((request) => [JSON.stringify(request), request])).values()];
}

/** Every read of a single object by programs whose user agent begins so, in the order of their answers, as `statefulsets b-001`. */
export function auditedReads({ directory }: Place, agent: string): readonly string[] {
  return eventsIn(directory)
    .filter(({ verb, userAgent = '' }) => verb === 'get' && userAgent.startsWith(agent))
    .flatMap(requestOf)
    .map(({ resource, name = '' }) => `${resource} ${name}`);
}

type Place = Pick<ClusterState, 'directory'>;

function eventsIn(directory: string): readonly AuditEvent[] {
  const path = logPath(directory);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  // The edge: a file that the API server writes. Its last line may be incomplete.
  return lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as AuditEvent] : []));
}

function requestOf({ verb, objectRef, responseStatus }: AuditEvent): readonly AuditedRequest[] {
  if (objectRef?.resource === undefined) return [];
  const { apiGroup: group = '', subresource, namespace, name } = objectRef;
  const resource = subresource === undefined ? objectRef.resource : `${objectRef.resource}/${subresource}`;
  const place = { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
  return [{ verb, group, resource, ...place, allowed: responseStatus?.code !== 403 }];
}

function logPath(directory: string): string {
  return join(directory, 'logs', 'audit.log');
}
