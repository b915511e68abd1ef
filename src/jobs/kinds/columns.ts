// Columns that `kubectl get` shows for requests.

import type { PrinterColumn } from '../../api/job-object.ts';

export const NODE: PrinterColumn = { name: 'Node', type: 'string', jsonPath: '.status.node' };
export const PHASE: PrinterColumn = { name: 'Phase', type: 'string', jsonPath: '.status.phase' };
export const HEIGHT: PrinterColumn = { name: 'Height', type: 'integer', jsonPath: '.status.height' };
export const BYTES: PrinterColumn = { name: 'Bytes', type: 'integer', jsonPath: '.status.bytes', priority: 1 };
export const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
export const MESSAGE: PrinterColumn = { name: 'Message', type: 'string', jsonPath: '.status.message' };
