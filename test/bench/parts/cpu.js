import { canMeasure, cpuOf } from "../processes.js";
import { median } from "../statistics.js";

const load = { connections: 64, seconds: 1.5 };
const rounds = 6;
/** V8 compiles for some thousand requests what is hot: in the first seconds a request costs several times what it costs all day. */
const warmUp = { connections: load.connections, seconds: 6 };

/** CPU time per request: the figure that says how many requests a core can serve. */
export const cpu = {
  name: "cpu",
  needsGateway: true,
  isPossible: canMeasure,
  async run(bench) {
    const targets = [await bench.launch("reference"), await bench.launch("gateway")];
    for (const target of targets) await bench.load("closed", target, warmUp);

    const costs = { reference: [], gateway: [] };
    for (let round = 0; round < rounds; round++) {
      // Now one first, now the other: what disturbs the machine for a while then disturbs both.
      for (const target of round % 2 === 0 ? targets : targets.toReversed())
        costs[target.name].push(await costOf(bench, target));
    }
    return [
      {
        measure: `CPU per request, ${load.connections} connections, 1 kB`,
        unit: "µs",
        reference: median(costs.reference),
        gateway: median(costs.gateway),
        ratio: median(costs.gateway.map((cost, round) => cost / costs.reference[round])),
        goal: 1.25,
      },
    ];
  },
};

async function costOf(bench, target) {
  const before = cpuOf(target.pid);
  const { requests, failures } = await bench.load("closed", target, load);
  if (failures > 0) throw new Error(`${target.name} failed ${failures} of ${requests + failures} requests.`);
  return (cpuOf(target.pid) - before) / requests;
}
