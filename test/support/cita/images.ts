// Images that stand in for CITA-Cloud's: cloud-op in two generations, and the services of a node.

import { readFileSync } from 'node:fs';

import type { ImageRecipe } from '../../cluster/image-list.ts';
import { nodeTree } from '../../cluster/node-tree.ts';

/** References keep the last part of the real ones: layouts read the consensus and the tool's version from it. */
const REGISTRY = 'docker.io/citacloud';

const SERVICES = {
  network_zenoh: 'network',
  consensus_overlord: 'consensus',
  executor_evm: 'executor',
  storage_opendal: 'storage',
  controller_hsm: 'controller',
  'monitor-citacloud-exporter': 'exporter',
} as const;

export type CitaService = keyof typeof SERVICES;

/** The image that the documents of the CITA-Cloud operator name: it carried cloud-op 0.2.3. */
export const JOB_IMAGE = 'registry.devops.rivtower.com/cita-cloud/cita-node-job:v0.0.2';

type CloudOpVersion = '0.2.3' | '0.2.4' | '0.3.1';

export function cloudOpImage(version: '0.2.4' | '0.3.1'): string {
  return `${REGISTRY}/cloud-op:v${version}`;
}

export function serviceImage(service: CitaService): string {
  return `${REGISTRY}/${service}:v6.7.4`;
}

/** For `importMissing` of a cluster with real pods. */
export async function citaImages(): Promise<readonly ImageRecipe[]> {
  const node = await nodeTree();
  return [
    cloudOp(JOB_IMAGE, '0.2.3'),
    ...(['0.2.4', '0.3.1'] as const).map((version) => cloudOp(cloudOpImage(version), version)),
    ...Object.entries(SERVICES).map(([image, program]) => ({
      reference: serviceImage(image as CitaService),
      programs: {},
      ...(program === 'controller' ? { trees: { '/': node } } : {}),
      files: {
        [`/usr/local/bin/${program}`]: readScript('service.sh'),
        ...(program === 'controller' ? { '/usr/local/lib/controller.mts': readScript('controller.ts') } : {}),
      },
      entrypoint: [program],
      command: ['run'],
    })),
  ];
}

function cloudOp(reference: string, version: CloudOpVersion): ImageRecipe {
  const files = { '/usr/local/bin/cloud-op': cloudOpScript(version) };
  return { reference, programs: {}, files, entrypoint: ['cloud-op'] };
}

/** The script with its version in the second line, after the interpreter's. */
export function cloudOpScript(version: CloudOpVersion): string {
  return readScript('cloud-op.sh').replace('\n', `\nVERSION=${version}\n`);
}

function readScript(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
