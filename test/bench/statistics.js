/** Nearest-rank percentile of a sorted list; NaN of an empty one. */
export function percentile(sorted, percent) {
  return sorted.at(Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)) ?? Number.NaN;
}

export function median(values) {
  return percentile(
    values.toSorted((a, b) => a - b),
    50,
  );
}

/** Of a list of latencies, in the unit of the list. */
export function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { n: sorted.length, p50: percentile(sorted, 50), p99: percentile(sorted, 99) };
}
