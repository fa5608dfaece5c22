import { setTimeout as delay } from "node:timers/promises";
import { canMeasure, memoryOf } from "../processes.js";
import { median } from "../statistics.js";

const streams = 1000;
const rounds = 3;

/** Memory that a process grows by while many streams are open and quiet. */
export const idleStreams = {
  name: "streams",
  needsGateway: true,
  isPossible: canMeasure,
  async run(bench) {
    await bench.streamsGo(100, 60_000);
    const growths = { reference: [], gateway: [] };
    for (let round = 0; round < rounds; round++) {
      for (const name of ["reference", "gateway"]) growths[name].push(await growthOf(bench, name));
    }
    return [
      {
        measure: `memory per idle stream, ${streams} streams`,
        unit: "kB",
        reference: median(growths.reference),
        gateway: median(growths.gateway),
        // Garbage is collected when it likes: rounds have nothing in common, so their ratios say less than that of the medians.
        ratio: median(growths.gateway) / median(growths.reference),
        goal: 1.3,
      },
    ];
  },
};

/** In kilobytes a stream, over a process that has answered once. Opened twice: the second time counts what the first left unused. */
async function growthOf(bench, name) {
  const target = await bench.launch(name);
  await delay(500);
  const before = memoryOf(target.pid);
  const held = [];
  for (let pass = 0; pass < 2; pass++) {
    const memory = await bench.hold(target, streams, async () => {
      await delay(1000);
      return memoryOf(target.pid);
    });
    held.push(memory);
    await bench.streamsEnd();
  }
  await target.stop();
  return (Math.max(...held) - before) / streams;
}
