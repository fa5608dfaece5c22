import { connections, cpuCosts } from "../cpu-costs.js";
import { canMeasure } from "../processes.js";
import { median } from "../statistics.js";

/** A plain service, beside a pass-through that does nothing else; and what log, metrics and admin listener add to it. */
export const plain = {
  name: "plain",
  needsGateway: true,
  isPossible: canMeasure,
  async run(bench) {
    const targets = [];
    for (const name of ["pass-through", "gateway", "silent", "observed"])
      targets.push(await bench.launch(name, "plain.yaml", "/plain"));
    const [passThrough, gateway, silent, observed] = await cpuCosts(bench, targets);
    return [
      row("plain CPU per request", passThrough, gateway, 1.15),
      row("the same, R: gw without log and admin listener; gw: with both", silent, observed, 1.1),
    ];
  },
};

function row(measure, reference, gateway, goal) {
  return {
    measure: `${measure}, ${connections} connections, 1 kB`,
    unit: "µs",
    reference: median(reference),
    gateway: median(gateway),
    ratio: median(gateway.map((cost, round) => cost / reference[round])),
    goal,
  };
}
