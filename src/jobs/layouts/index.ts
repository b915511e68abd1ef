// The layouts of workloads that other tools deployed.

import type { DeployMethod } from '../../api/job.ts';
import { cloudConfig } from './cloud-config.ts';
import { helm } from './helm.ts';
import type { Layout } from './layout.ts';
import { python } from './python.ts';

export const layouts: readonly Layout[] = [cloudConfig, python, helm];

/** The layout of a foreign way of deployment; undefined for managed nodes. */
export function layoutOf(deployMethod: DeployMethod): Layout | undefined {
  return layouts.find((layout) => layout.deployMethod === deployMethod);
}
