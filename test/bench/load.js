// A load generator, as a process of its own. Prints one JSON object. Latencies are in microseconds.
//
//   node load.js closed  --url URL --connections 64 --seconds 3      requests, each after the answer to the one before
//   node load.js streams --url URL --connections 64 --seconds 3      whole streams, with the time to the first token
//   node load.js idle    --url URL --connections 1000                opens streams, prints, and holds them until stdin closes (at most 60 s)
import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Connection } from "./connection.js";
import { summary } from "./statistics.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: "" },
    connections: { type: "string", default: "1" },
    seconds: { type: "string", default: "1" },
    bytes: { type: "string", default: "1000" },
  },
});
const url = new URL(values.url);
if (isIP(url.hostname) !== 4 || !url.hostname.startsWith("127."))
  throw new RangeError(`${url.hostname} is not on loopback.`);
const target = { host: url.hostname, port: Number(url.port) };
const connections = Math.min(Number(values.connections), 2000);
const seconds = Math.min(Number(values.seconds), 30);

const modes = { closed, streams, idle };
console.log(JSON.stringify(await modes[positionals[0]]()));
if (positionals[0] === "idle") await Promise.race([drained(process.stdin), delay(60_000)]);
process.exit(0);

async function closed() {
  const request = chatRequest(false);
  const latencies = [];
  const failures = await work(async (connection) => {
    const startedAt = performance.now();
    const outcome = await exchange(connection, request);
    if (outcome.isGood) latencies.push((performance.now() - startedAt) * 1000);
    return outcome.isGood;
  });
  return { requests: latencies.length, failures, latency: summary(latencies) };
}

async function streams() {
  const request = chatRequest(true);
  const firstTokens = [];
  const failures = await work(async (connection) => {
    const startedAt = performance.now();
    let isFirst = true;
    let isDone = false;
    const outcome = await exchange(connection, request, (text) => {
      if (isFirst && text.includes('"content"')) {
        isFirst = false;
        firstTokens.push((performance.now() - startedAt) * 1000);
      }
      isDone ||= text.includes("[DONE]");
    });
    return outcome.isGood && isDone;
  });
  return { streams: firstTokens.length, failures, firstToken: summary(firstTokens) };
}

async function idle() {
  const request = chatRequest(true);
  let open = 0;
  for (let i = 0; i < connections; i += 50) {
    const group = Array.from({ length: Math.min(50, connections - i) }, () => opens(new Connection(target), request));
    open += (await Promise.all(group)).filter(Boolean).length;
  }
  return { open };
}

/** Whether the first piece of an answer comes within 10 s; the stream stays open. */
async function opens(connection, request) {
  const text = new Promise((resolve) => {
    const fail = () => resolve(false);
    connection.send(request, { onText: () => resolve(true), onEnd: fail }).catch(fail);
  });
  return await Promise.race([text, delay(10_000, false)]);
}

/** Repeats `once` on every connection until the time is over; the number of times that it was not good. */
async function work(once) {
  const until = performance.now() + seconds * 1000;
  let failures = 0;
  const workers = Array.from({ length: connections }, async (_, index) => {
    // Spread over a moment, so that streams do not all start at once for ever.
    await delay(index);
    const connection = new Connection(target);
    while (performance.now() < until) {
      if (await once(connection)) continue;
      failures += 1;
      await delay(10);
    }
    connection.close();
  });
  await Promise.all(workers);
  return failures;
}

/** Rejects never. */
function exchange(connection, request, onText) {
  return new Promise((resolve) => {
    let status = 0;
    const onHead = (received) => {
      status = received;
    };
    const onEnd = (error) => resolve({ isGood: error === null && status === 200 });
    connection.send(request, { onHead, onText, onEnd }).catch((error) => onEnd(error));
  });
}

/** A chat of `bytes` bytes: a long message, and a short one after it as in a real conversation. */
function chatRequest(stream) {
  const chat = (filler) => ({
    model: "bench-model",
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: filler },
      { role: "user", content: 'What is the capital of France? "Answer" briefly.\n' },
    ],
    temperature: 0.7,
    max_tokens: 256,
    stream,
  });
  const missing = Math.max(0, Number(values.bytes) - JSON.stringify(chat("")).length);
  const body = JSON.stringify(chat("The quick brown fox jumps over the lazy dog. ".repeat(missing).slice(0, missing)));
  const head = [
    `POST ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    "content-type: application/json",
    "authorization: Bearer sk-client-key",
    "user-agent: gw-bench",
    "accept: */*",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

async function drained(stream) {
  for await (const _ of stream);
}
