// Gauges that are made from what is known when Prometheus asks: what is forgotten leaves no series behind.

import { Gauge, type Registry } from 'prom-client';

export interface Series {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly read: () => readonly { readonly labels: Record<string, string>; readonly value: number }[];
}

/** All values are read anew at each scrape. */
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
