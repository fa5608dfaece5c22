import { once } from "node:events";
import { start } from "../processes.js";
import { median } from "../statistics.js";

const rounds = 7;

/** From spawn to the first answer, against what Node alone takes to run nothing. */
export const startUp = {
  name: "start",
  needsGateway: true,
  isPossible: true,
  async run(bench) {
    const times = { node: [], reference: [], plain: [], ai: [], local: [] };
    for (let round = 0; round < rounds; round++) {
      times.node.push(await nodeAlone());
      times.plain.push(await readyTime(bench, "gateway", "plain.yaml", "/plain"));
      if (round >= 3) continue;
      times.reference.push(await readyTime(bench, "reference"));
      times.ai.push(await readyTime(bench, "gateway", "ai.yaml"));
      times.local.push(await readyTime(bench, "gateway", "local.yaml"));
    }
    const ms = { unit: "ms", direct: median(times.node) };
    return [
      {
        ...ms,
        measure: "spawn to first answer, no AI plugin; ratio to node -e 0",
        reference: median(times.reference),
        gateway: median(times.plain),
        ratio: median(times.plain.map((time, round) => time / times.node[round])),
        goal: 3.5,
      },
      { ...ms, measure: "spawn to first AI answer", gateway: median(times.ai) },
      { ...ms, measure: "spawn to first AI answer, local encoder", gateway: median(times.local) },
    ];
  },
};

async function nodeAlone() {
  const startedAt = performance.now();
  await once(start(process.execPath, ["-e", "0"], { core: 1 }), "exit");
  return performance.now() - startedAt;
}

async function readyTime(bench, ...what) {
  const target = await bench.launch(...what);
  await target.stop();
  return target.readyMs;
}
