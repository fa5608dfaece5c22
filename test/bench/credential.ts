// What a cached key from a vault costs a request, in this process. Prints one JSON object: nanoseconds for looking it up, for having it ready
// as the value of its header, and for putting it on a request. Bundled by parts/credential.js, as dist/ is.
import { systemClock } from "../../src/core/clock.ts";
import { openaiProvider } from "../../src/llm/providers/openai.ts";
import { Credential } from "../../src/plugins/ai-proxy-advanced/credentials.ts";
import { createSecretLookup } from "../../src/secrets/secret-lookup.ts";
import { envVault } from "../../src/secrets/vaults/env.ts";

const COUNT = 1_000;
const TIMES = 2_000_000;

const names = Array.from({ length: COUNT }, (_, index) => `KEY_${index}`);
const references = names.map((name) => `{vault://env/${name.toLowerCase().replace("_", "-")}}`);
const environment = Object.fromEntries(names.map((name) => [name, `Bearer sk-${name}`]));
const secrets = createSecretLookup([], new Map([[envVault.name, envVault]]), {
  environment,
  clock: systemClock,
  random: Math.random,
  notify: () => {},
});
const services = { secrets, notify: () => {}, scheme: "bearer", isRenewed: true } as const;
const credentials = references.map((reference) => new Credential("header", "Authorization", reference, services));
const request = {
  method: "POST",
  origin: "https://api.openai.com",
  path: "/v1/chat/completions",
  headers: ["Content-Type", "application/json", "Accept", "application/json", "User-Agent", "bench"],
  body: Buffer.from("{}"),
};

await secrets.want(references);
for (const credential of credentials) await credential.resolve();
const result = {
  peek: nanoseconds((index) => secrets.peek(references[index] ?? "")),
  prepared: nanoseconds((index) => ready(index)),
  authorized: nanoseconds((index) => {
    const { place, secret } = ready(index);
    return openaiProvider.authorize(request, place, secret);
  }),
};
await secrets.close();
process.stdout.write(JSON.stringify(result));

function ready(index: number): ReturnType<Credential["peek"]> & object {
  const found = credentials[index]?.peek();
  if (found === undefined) throw new Error(`${references[index]} is not cached.`);
  return found;
}

function nanoseconds(once: (index: number) => unknown): number {
  for (let i = 0; i < TIMES / 10; i++) if (once(i % COUNT) === undefined) throw new Error("A secret is missing.");
  const startedAt = performance.now();
  for (let i = 0; i < TIMES; i++) once(i % COUNT);
  return ((performance.now() - startedAt) * 1e6) / TIMES;
}
