/** Counters, gauges and histograms for Prometheus. Names are `holdfast_…`, or the source system's where it names one; units last. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What every metric has. `labels` are few and bounded: never an id, an address or a text from outside. */
interface MetricParts<Label extends string> {
  name: string;
  help: string;
  labels?: readonly Label[];
}

export interface Metrics {
  counter<Label extends string = never>(parts: MetricParts<Label>): Counter<Label>;
  /** `read` is asked at each scrape. */
  gauge<Label extends string = never>(parts: MetricParts<Label> & { read?: (gauge: Gauge<Label>) => void | Promise<void> }): Gauge<Label>;
  /** `buckets` are upper bounds in seconds, 5 ms to 60 s unless told. */
  histogram<Label extends string = never>(parts: MetricParts<Label> & { buckets?: number[] }): Histogram<Label>;
  /** The page for `GET /metrics`, with its content type. */
  page(): Promise<{ contentType: string; text: string }>;
}

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A registry of its own per process (and per test), with the metrics of Node itself. Asking again for a name gives the one that is there. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const startedAt = Date.now() - process.uptime() * 1000;
  const metrics: Metrics = {
    counter: ({ name, help, labels = [] }) =>
      (registry.getSingleMetric(name) as Counter | undefined) ?? new Counter({ name, help, labelNames: labels, registers: [registry] }),
    gauge({ name, help, labels = [], read }) {
      const collect = read && (async (): Promise<void> => read(gauge));
      const gauge =
        (registry.getSingleMetric(name) as Gauge | undefined) ??
        new Gauge({ name, help, labelNames: labels, registers: [registry], ...(collect && { collect }) });
      return gauge as never;
    },
    histogram: ({ name, help, labels = [], buckets = defaultBuckets }) =>
      (registry.getSingleMetric(name) as Histogram | undefined) ??
      new Histogram({ name, help, labelNames: labels, buckets, registers: [registry] }),
    page: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
  metrics.gauge({
    name: "system_uptime_seconds",
    help: "Time since this process started",
    read: (gauge) => gauge.set((Date.now() - startedAt) / 1000),
  });
  metrics.gauge({
    name: "system_memory_usage_bytes",
    help: "Resident memory of this process",
    read: (gauge) => gauge.set(process.memoryUsage.rss()),
  });
  return metrics;
}
