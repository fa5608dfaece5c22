// How gw compares with R, the reference proxy, on this machine and now: absolute figures do not travel, ratios do.
//
//   npm run bench [-- PART…] [--json] [--candidate 'COMMAND with {port} and {upstream}']
//
// Parts: cpu, plain, latency, streams, start, decision, encoder, router, routing, config, credential; all when none is named. What is measured runs interleaved with R on a core of its
// own where taskset is installed. A candidate of `node test/bench/reference-proxy.js --port {port} --upstream {upstream}` measures R against itself:
// what it shows beyond 1.00 is noise.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { canMeasure, canPin, machineCpu } from "./processes.js";
import { config } from "./parts/config.js";
import { cpu } from "./parts/cpu.js";
import { credential } from "./parts/credential.js";
import { decision } from "./parts/decision.js";
import { encoder } from "./parts/encoder.js";
import { latency } from "./parts/latency.js";
import { startUp } from "./parts/start.js";
import { plain } from "./parts/plain.js";
import { router } from "./parts/router.js";
import { routing } from "./parts/routing.js";
import { idleStreams } from "./parts/streams.js";
import { printTable } from "./report.js";
import { openWorkbench } from "./workbench.js";

const parts = [cpu, plain, latency, idleStreams, startUp, decision, encoder, router, routing, config, credential];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, candidate: { type: "string" } },
});
const chosen = parts.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
const isBuilt = existsSync(new URL("../../dist/main.js", import.meta.url));
if (unknown.length > 0) {
  refuse(`There is no part ${unknown.join(", ")}. Parts: ${parts.map(({ name }) => name).join(", ")}.`);
} else if (!isBuilt && values.candidate === undefined && chosen.some((part) => part.needsGateway)) {
  refuse("There is no dist/ to measure: run `npm run build` first.");
} else {
  process.exitCode = await bench();
}

function refuse(message) {
  console.error(message);
  process.exitCode = 1;
}

async function bench() {
  const rows = [];
  let failures = 0;
  const startedAt = performance.now();
  const cpuBefore = canMeasure ? machineCpu() : undefined;
  const workbench = await openWorkbench(values);
  const interrupt = () => {
    void workbench.close().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    for (const part of chosen) {
      if (!part.isPossible) {
        console.error(`${part.name}: left out, it needs /proc.`);
        continue;
      }
      console.error(`${part.name} …`);
      try {
        for (const row of await part.run(workbench)) rows.push({ part: part.name, ...row });
      } catch (error) {
        failures += 1;
        console.error(`${part.name}: ${error.message}`);
      }
      await workbench.endTargets();
    }
  } finally {
    await workbench.close();
  }
  const ms = performance.now() - startedAt;
  const others = cpuBefore === undefined ? undefined : foreignShare(cpuBefore, machineCpu(), ms);
  const about = { node: process.version, pinned: canPin, seconds: Math.round(ms / 1000), others };
  if (values.json) console.log(JSON.stringify({ schema_version: 1, ...about, rows }));
  else {
    printTable(rows);
    console.error(
      `Node ${about.node}, ${canPin ? "pinned" : "not pinned"}, ${about.seconds} s; other programs used ${Math.round((others ?? 0) * 100)} % of a core`,
    );
  }
  return failures > 0 ? 1 : 0;
}

/** Share of one core that programs used which are not ours: much of it, and the figures mean little. */
function foreignShare(before, after, ms) {
  return Math.max(0, after.all - before.all - (after.ours - before.ours)) / (ms * 1000);
}
