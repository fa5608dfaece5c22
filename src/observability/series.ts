import type { Metric, MetricObjectWithValues, MetricType, MetricValue, Registry } from "prom-client";

interface Family {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** What prom-client asks a metric for. */
type Values = Omit<MetricObjectWithValues<MetricValue<string> & { metricName?: string }>, "collect">;

/**
 * The values of a metric, one for each combination of labels. prom-client's own counters and histograms check, sort and join the labels
 * at every count, which for a request adds up to more than its log line; here a look-up in a Map finds what is to be added to.
 */
abstract class Series<T> {
  readonly name: string;
  readonly #help: string;
  readonly #labelNames: readonly string[];
  readonly #all = new Map<string, { readonly labels: readonly string[]; readonly kept: T }>();

  constructor(registry: Registry, { name, help, labelNames }: Family) {
    this.name = name;
    this.#help = help;
    this.#labelNames = labelNames;
    // Of a metric a registry uses the name and `get` only; the type asks for all that prom-client's own can do.
    registry.registerMetric(this as unknown as Metric);
  }

  protected abstract readonly type: "counter" | "histogram";
  protected abstract make(): T;
  protected abstract valuesOf(kept: T, labels: Readonly<Record<string, string>>): Values["values"];

  /** `labels` in the order of the label names. */
  protected of(labels: readonly string[]): T {
    const key = labels.length === 1 ? (labels[0] ?? "") : labels.join("\n");
    let found = this.#all.get(key);
    if (found === undefined) {
      found = { labels, kept: this.make() };
      this.#all.set(key, found);
    }
    return found.kept;
  }

  async get(): Promise<Values> {
    const values = [...this.#all.values()].flatMap(({ labels, kept }) =>
      this.valuesOf(kept, Object.fromEntries(this.#labelNames.map((name, index) => [name, labels[index] ?? ""]))),
    );
    const { name, type } = this;
    return await Promise.resolve({
      name,
      help: this.#help,
      type: type as unknown as MetricType,
      aggregator: "sum",
      values,
    });
  }
}

export class CounterSeries extends Series<{ count: number }> {
  protected readonly type = "counter";

  add(labels: readonly string[], count = 1): void {
    this.of(labels).count += count;
  }

  protected make(): { count: number } {
    return { count: 0 };
  }

  protected valuesOf({ count }: { count: number }, labels: Readonly<Record<string, string>>): Values["values"] {
    return [{ labels, value: count }];
  }
}

interface Buckets {
  /** One more than there are bounds: the last is for what is above all of them. */
  readonly counts: number[];
  sum: number;
}

export class HistogramSeries extends Series<Buckets> {
  protected readonly type = "histogram";
  readonly #bounds: readonly number[];

  constructor(registry: Registry, family: Family & { readonly buckets: readonly number[] }) {
    super(registry, family);
    this.#bounds = family.buckets;
  }

  observe(labels: readonly string[], value: number): void {
    const kept = this.of(labels);
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1;
    kept.counts[bucket] = (kept.counts[bucket] ?? 0) + 1;
    kept.sum += value;
  }

  protected make(): Buckets {
    return { counts: [...this.#bounds, Infinity].map(() => 0), sum: 0 };
  }

  /** Each bucket counts those below it, too. */
  protected valuesOf({ counts, sum }: Buckets, labels: Readonly<Record<string, string>>): Values["values"] {
    let total = 0;
    const buckets = counts.map((count, index) => {
      total += count;
      return {
        labels: { ...labels, le: this.#bounds[index] ?? "+Inf" },
        value: total,
        metricName: `${this.name}_bucket`,
      };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: total, metricName: `${this.name}_count` },
    ];
  }
}
