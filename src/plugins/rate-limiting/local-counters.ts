import { type Counters, type Limit, periodOf, type Unit, type Usage, usagesOf } from "./limits.ts";

/** More callers than this in one period are forgotten, the longest known first: memory stays bounded whoever calls. */
const MAX_CALLERS = 100_000;

interface Period {
  start: number;
  readonly counts: Map<string, number>;
}

/** Counts in this process. */
export class LocalCounters implements Counters {
  readonly #periods = new Map<Unit, Period>();

  async take(countedAs: string, limits: readonly Limit[], now: number): Promise<readonly Usage[]> {
    const periods = limits.map(({ unit }) => this.#period(unit, now));
    const before = periods.map(({ counts }) => counts.get(countedAs) ?? 0);
    const usages = usagesOf(limits, before, now);
    if (!usages.some(({ isSpent }) => isSpent))
      for (const [index, { counts }] of periods.entries()) add(counts, countedAs, (before[index] ?? 0) + 1);
    return usages;
  }

  async close(): Promise<void> {}

  #period(unit: Unit, now: number): Period {
    const { start } = periodOf(unit, now);
    let period = this.#periods.get(unit);
    if (period === undefined || period.start !== start) {
      period = { start, counts: new Map() };
      this.#periods.set(unit, period);
    }
    return period;
  }
}

function add(counts: Map<string, number>, countedAs: string, count: number): void {
  if (counts.size >= MAX_CALLERS && !counts.has(countedAs)) {
    const [oldest] = counts.keys();
    if (oldest !== undefined) counts.delete(oldest);
  }
  counts.set(countedAs, count);
}
