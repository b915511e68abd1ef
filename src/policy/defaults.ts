// What is allowed where the administrator says nothing: secure, and enough for ordinary nodes.

import type { PolicySpec } from '../api/policy.ts';

/** Without what depends on the controller: its namespace, the chains' images and its own. */
export const DEFAULTS = {
  images: {
    // Every Cosmos SDK chain has an image of its own; these are of the project that most of them come from.
    nodes: ['ghcr.io/cosmos/*'],
    sidecars: [],
    // cloud-op runs from these on nodes that CITA-Cloud deployed.
    jobs: ['citacloud/*', 'registry.devops.rivtower.com/cita-cloud/*'],
  },
  // The label on the object decides; see ALLOW_LABEL.
  secrets: ['**'],
  configMaps: ['**'],
  storageClasses: ['**'],
  snapshotClasses: ['**'],
  serviceTypes: ['ClusterIP', 'NodePort', 'LoadBalancer'],
  priorityClasses: [],
  // Keys without a prefix are an administrator's own; those of control-plane nodes have one.
  tolerations: ['*', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'],
  // Names by which Services, policies and admission controllers rarely select. `app` and `app.kubernetes.io/*` are not.
  labels: ['team', 'owner', 'environment', 'cost-center', 'nodes.validatoros.com/*', 'example.com/*'],
  annotations: [
    '*',
    'prometheus.io/*',
    'cluster-autoscaler.kubernetes.io/safe-to-evict',
    'nodes.validatoros.com/*',
    'example.com/*',
  ],
  // Nothing that could run a command beside a key, or set what the chain's own checks refuse.
  patches: {
    StatefulSet: [
      '/metadata/annotations/**',
      '/spec/minReadySeconds',
      '/spec/revisionHistoryLimit',
      '/spec/template/metadata/annotations/**',
      '/spec/template/spec/affinity/**',
      '/spec/template/spec/dnsConfig/**',
      '/spec/template/spec/hostAliases/**',
      '/spec/template/spec/imagePullSecrets/**',
      '/spec/template/spec/tolerations/**',
      '/spec/template/spec/topologySpreadConstraints/**',
      '/spec/template/spec/containers/*/imagePullPolicy',
      '/spec/template/spec/containers/*/livenessProbe/*Seconds',
      '/spec/template/spec/containers/*/livenessProbe/*Threshold',
      '/spec/template/spec/containers/*/readinessProbe/*Seconds',
      '/spec/template/spec/containers/*/readinessProbe/*Threshold',
      '/spec/template/spec/containers/*/resources/**',
      '/spec/template/spec/containers/*/startupProbe/*Seconds',
      '/spec/template/spec/containers/*/startupProbe/*Threshold',
    ],
    Service: [
      '/metadata/annotations/**',
      '/spec/externalTrafficPolicy',
      '/spec/internalTrafficPolicy',
      '/spec/ipFamilies/**',
      '/spec/ipFamilyPolicy',
      '/spec/loadBalancerClass',
      '/spec/loadBalancerSourceRanges/**',
      '/spec/sessionAffinity',
    ],
    ConfigMap: ['/metadata/annotations/**'],
    PodDisruptionBudget: ['/metadata/annotations/**', '/spec/maxUnavailable', '/spec/minAvailable'],
  },
  exceptions: [],
  jobs: {
    kinds: ['*'],
    deployMethods: ['cloud-config', 'python', 'helm'],
    foreignNamespaces: ['app-*'],
    // Each is defined by the administrator; rules per path narrow them.
    locations: ['*'],
  },
  reservedSecrets: [],
  backupLocations: {},
} satisfies PolicySpec;
