// Gauges that are computed when Prometheus scrapes, so that deleted objects leave no series.

import { Gauge, type Registry } from 'prom-client';

export interface Series {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly read: () => readonly { readonly labels: Record<string, string>; readonly value: number }[];
}

/** All values are read again at each scrape. */
export function defineSeries(registry: Registry, { name, help, labelNames, read }: Series): void {
  const gauge = new Gauge({
    name: `nodewright_${name}`,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.set(labels, value);
    },
  });
  gauge.reset();
}
