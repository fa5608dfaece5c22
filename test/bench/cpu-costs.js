import { cpuOf } from "./processes.js";

export const connections = 64;
const load = { connections, seconds: 1.5 };
const rounds = 6;
/** V8 compiles for some thousand requests what is hot: in the first seconds a request costs several times what it costs all day. */
const warmUp = { connections, seconds: 6 };

/** CPU time per request of each target, round by round, in microseconds; in the order of the targets. */
export async function cpuCosts(bench, targets) {
  for (const target of targets) await bench.load("closed", target, warmUp);
  const costs = new Map(targets.map((target) => [target, []]));
  for (let round = 0; round < rounds; round++) {
    // Now one first, now the other: what disturbs the machine for a while then disturbs all.
    for (const target of round % 2 === 0 ? targets : targets.toReversed())
      costs.get(target).push(await costOf(bench, target));
  }
  return [...costs.values()];
}

async function costOf(bench, target) {
  const before = cpuOf(target.pid);
  const { requests, failures } = await bench.load("closed", target, load);
  if (failures > 0) throw new Error(`${target.name} failed ${failures} of ${requests + failures} requests.`);
  return (cpuOf(target.pid) - before) / requests;
}
