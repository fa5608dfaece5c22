import { AggregatorRegistry, Counter, Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { CounterSeries, HistogramSeries } from "../../../src/observability/series.ts";

const buckets = [1, 5, 10];
const times = [0, 1, 1.5, 5, 10, 10.1, 9_999];

/** prom-client's own: what theirs print, ours must print. */
function countByPromClient(): Registry {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: "c", help: "c's help", labelNames: ["a", "b"], registers });
  const histogram = new Histogram({ name: "h", help: "h's help", labelNames: ["a"], buckets, registers });
  counter.inc({ a: "x", b: 'quote " and\nline' });
  counter.inc({ a: "x", b: "" }, 41);
  for (const time of times) histogram.observe({ a: "x" }, time);
  histogram.observe({ a: "y" }, 3);
  return registry;
}

function countBySeries(): Registry {
  const registry = new Registry();
  const counter = new CounterSeries(registry, { name: "c", help: "c's help", labelNames: ["a", "b"] });
  const histogram = new HistogramSeries(registry, { name: "h", help: "h's help", labelNames: ["a"], buckets });
  counter.add(["x", 'quote " and\nline']);
  counter.add(["x", ""], 40);
  counter.add(["x", ""]);
  for (const time of times) histogram.observe(["x"], time);
  histogram.observe(["y"], 3);
  return registry;
}

/** In no particular order: prom-client puts `le` first. */
function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(",").toSorted().join(",")}}`));
}

it("prints what prom-client's own metrics print", async () => {
  expect(linesOf(await countBySeries().metrics())).toEqual(linesOf(await countByPromClient().metrics()));
});

it("adds up over processes", async () => {
  const all = await Promise.all([countBySeries(), countBySeries()].map(async (one) => await one.getMetricsAsJSON()));
  const merged = await AggregatorRegistry.aggregate(all).metrics();
  expect(merged).toContain('c{a="x",b=""} 82');
  expect(merged).toContain('h_count{a="x"} 14');
});
