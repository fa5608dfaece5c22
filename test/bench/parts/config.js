import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { configText } from "../config-files.js";
import { median } from "../statistics.js";

const rounds = 3;
/** A round of 50,000 entities takes longer than all others together. */
const roundsOf = (count) => (count > 10_000 ? 1 : rounds);
const changed = 10;

/** The control side from spawn to exit: validate against js-yaml's parse of the same file, diff and sync against validate. */
export const config = {
  name: "config",
  needsGateway: true,
  isPossible: true,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "gw-bench-"));
    try {
      return [await smallFile(folder), ...(await files(folder, 1000)), ...(await files(folder, 50_000))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function smallFile(folder) {
  const file = write(folder, "small.yaml", configText(10));
  const nothing = [];
  const validate = [];
  for (let round = 0; round < 2 * rounds + 1; round++) {
    nothing.push((await run(["-e", "0"])).ms);
    validate.push((await gw(folder, "validate", file)).ms);
  }
  return row("validate, 10 entities; ratio to node -e 0", "ms", median(nothing), median(validate), 2);
}

async function files(folder, count) {
  const first = write(folder, `${count}.yaml`, configText(count));
  const second = write(folder, `${count}-changed.yaml`, configText(count, { changed }));
  const times = { parse: [], validate: [], diff: [], sync: [] };
  let peak = 0;
  for (let round = 0; round < roundsOf(count); round++) {
    const store = join(folder, `${count}-${round}.db`);
    times.parse.push(Number((await run([fileOf("one-parse.js"), first])).out));
    const validate = await gw(folder, "validate", first);
    times.validate.push(validate.ms);
    peak = Math.max(peak, validate.megabytes);
    await gw(folder, "sync", "--yes", "--store", store, first);
    times.diff.push((await gw(folder, "diff", "--store", store, second)).ms);
    times.sync.push((await gw(folder, "sync", "--yes", "--store", store, second)).ms);
  }
  const of = (name) => median(times[name]);
  return [
    row(`validate, ${count} entities; ratio to js-yaml's parse`, "ms", of("parse"), of("validate"), 2),
    {
      measure: `validate, ${count} entities, peak; ratio to 400 MB`,
      unit: "MB",
      gateway: peak,
      ratio: peak / 400,
      goal: 1,
    },
    row(`diff, ${changed} of ${count} changed; ratio to validate`, "ms", of("validate"), of("diff"), 2),
    row(`sync, ${changed} of ${count} changed; ratio to validate`, "ms", of("validate"), of("sync"), 2),
  ];
}

function row(measure, unit, direct, gateway, goal) {
  return { measure, unit, direct, gateway, ratio: gateway / direct, goal };
}

async function gw(cwd, ...args) {
  const { ms, said } = await run([fileOf("one-command.js"), ...args], cwd);
  return { ms, ...JSON.parse(said) };
}

/** Rejects when the program fails. */
async function run(args, cwd) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit", "pipe"] });
  const [out, said, [code]] = await Promise.all([text(child.stdout), text(child.stdio[3]), once(child, "close")]);
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}.`);
  return { ms: performance.now() - startedAt, out, said };
}

function write(folder, name, content) {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

function fileOf(name) {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
