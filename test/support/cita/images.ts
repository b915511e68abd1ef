// Images that stand in for CITA-Cloud's: cloud-op in two generations, and the services of a node.

import { readFileSync } from 'node:fs';

import type { ImageRecipe } from '../../cluster/image-list.ts';

/** References keep the last part of the real ones: layouts read the consensus and the tool's version from it. */
const REGISTRY = 'docker.io/nodewright-test';

const SERVICES = {
  network_zenoh: 'network',
  consensus_overlord: 'consensus',
  executor_evm: 'executor',
  storage_opendal: 'storage',
  controller_hsm: 'controller',
  'monitor-citacloud-exporter': 'exporter',
} as const;

export type CitaService = keyof typeof SERVICES;

export function cloudOpImage(version: '0.2.4' | '0.3.1'): string {
  return `${REGISTRY}/cloud-op:v${version}`;
}

export function serviceImage(service: CitaService): string {
  return `${REGISTRY}/${service}:v6.7.4`;
}

/** For `importMissing` of a cluster with real pods. */
export const CITA_IMAGES: readonly ImageRecipe[] = [
  ...(['0.2.4', '0.3.1'] as const).map((version) => ({
    reference: cloudOpImage(version),
    programs: {},
    files: { '/usr/local/bin/cloud-op': cloudOpScript(version) },
    entrypoint: ['cloud-op'],
  })),
  ...Object.entries(SERVICES).map(([image, program]) => ({
    reference: serviceImage(image as CitaService),
    programs: {},
    files: { [`/usr/local/bin/${program}`]: readScript('service.sh') },
    entrypoint: [program],
    command: ['run'],
  })),
];

/** The script with its version in the second line, after the interpreter's. */
export function cloudOpScript(version: '0.2.4' | '0.3.1'): string {
  return readScript('cloud-op.sh').replace('\n', `\nVERSION=${version}\n`);
}

function readScript(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
