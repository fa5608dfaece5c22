import { connections, cpuCosts } from "../cpu-costs.js";
import { canMeasure } from "../processes.js";
import { median } from "../statistics.js";

/** CPU time per request: the figure that says how many requests a core can serve. */
export const cpu = {
  name: "cpu",
  needsGateway: true,
  isPossible: canMeasure,
  async run(bench) {
    const targets = [await bench.launch("reference"), await bench.launch("gateway")];
    const [reference, gateway] = await cpuCosts(bench, targets);
    return [
      {
        measure: `CPU per request, ${connections} connections, 1 kB`,
        unit: "µs",
        reference: median(reference),
        gateway: median(gateway),
        ratio: median(gateway.map((cost, round) => cost / reference[round])),
        goal: 1.25,
      },
    ];
  },
};
