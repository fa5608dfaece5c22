import type { Readable } from "node:stream";

/** By name, which is what a failed test prints. */
const secrets = new Map<string, string>();
const heard: Buffer[][] = [];

/** From now on nothing that is heard may hold `value`, in any of the forms in which programs write a text. Returns it. */
export function markSecret(name: string, value: string): string {
  secrets.set(name, value);
  return value;
}

/** What gw said: an answer, a header, a file that it wrote. */
export function hear(said: string | Buffer): void {
  heard.push([Buffer.from(said)]);
}

/** All that will come out of a process of gw. */
export function hearStream(stream: Readable): void {
  const parts: Buffer[] = [];
  heard.push(parts);
  stream.on("data", (chunk: Buffer) => parts.push(chunk));
}

/** For `afterEach` and `afterAll` of every test that lets gw handle a marked secret. */
export function expectNoSecretHeard(): void {
  const all = heard.map((parts) => Buffer.concat(parts).toString("latin1"));
  const leaks = [...secrets].flatMap(([name, value]) =>
    formsOf(value)
      .filter(([, form]) => all.some((said) => said.includes(form)))
      .map(([kind]) => `${name}, ${kind}`),
  );
  if (leaks.length > 0) throw new Error(`gw let out: ${leaks.join("; ")}.`);
}

function formsOf(value: string): readonly (readonly [kind: string, form: string])[] {
  const bytes = Buffer.from(value);
  return [
    ["as it is", bytes.toString("latin1")],
    ["in JSON", JSON.stringify(value).slice(1, -1)],
    ["in JSON in JSON", JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    ["in a URL", encodeURIComponent(value)],
    ["as a URL", encodeURI(value)],
    ["in a form", new URLSearchParams([["", value]]).toString().slice(1)],
    ["in hexadecimal", bytes.toString("hex")],
    ["in upper-case hexadecimal", bytes.toString("hex").toUpperCase()],
    ...[0, 1, 2].map((before) => ["in base64", base64Within(bytes, before)] as const),
    ...[0, 1, 2].map((before) => ["in base64url", toBase64Url(base64Within(bytes, before))] as const),
  ];
}

/** What stays the same of the base64 of a longer text in which `bytes` begin at a multiple of three plus `before`. */
function base64Within(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  return encoded.slice(before === 0 ? 0 : before + 1, -4);
}

function toBase64Url(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}
