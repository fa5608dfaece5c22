import { median } from "../statistics.js";

const rounds = 4;

const measures = [
  {
    measure: "added p50, 1 connection",
    mode: "closed",
    load: { connections: 1, seconds: 1 },
    p50: (result) => result.latency.p50,
  },
  {
    measure: "added time to first token, 1 stream",
    mode: "streams",
    load: { connections: 1, seconds: 1 },
    stream: [3, 1],
    p50: firstToken,
  },
  {
    measure: "added time to first token, 64 streams",
    mode: "streams",
    load: { connections: 64, seconds: 1.5 },
    stream: [10, 50],
    p50: firstToken,
  },
];

/** What the gateway adds to the time that the upstream takes alone. */
export const latency = {
  name: "latency",
  needsGateway: true,
  isPossible: true,
  async run(bench) {
    const targets = [bench.direct, await bench.launch("reference"), await bench.launch("gateway")];
    for (const target of targets) await bench.load("closed", target, { connections: 16, seconds: 1 });
    const rows = [];
    for (const measure of measures) rows.push(await compare(bench, targets, measure));
    return rows;
  },
};

async function compare(bench, targets, { measure, mode, load, stream, p50 }) {
  if (stream !== undefined) await bench.streamsGo(...stream);
  const times = { direct: [], reference: [], gateway: [] };
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
      const result = await bench.load(mode, target, load);
      if (result.failures > 0) throw new Error(`${target.name} failed ${result.failures} requests: ${measure}.`);
      times[target.name].push(p50(result));
    }
  }
  const added = (name) => times[name].map((time, round) => time - times.direct[round]);
  const reference = added("reference");
  return {
    measure,
    unit: "µs",
    direct: median(times.direct),
    reference: median(reference),
    gateway: median(added("gateway")),
    ratio: median(added("gateway").map((time, round) => time / reference[round])),
    goal: 1.4,
  };
}

function firstToken(result) {
  return result.firstToken.p50;
}
