import { expect, it } from "vitest";
import { expectNoSecretHeard, hear, markSecret } from "./secrecy.ts";

it.each<[string, (secret: string) => string]>([
  ["as it is", (secret) => secret],
  ["in JSON", (secret) => JSON.stringify({ auth: secret })],
  ["in a log line of a JSON answer", (secret) => JSON.stringify({ msg: JSON.stringify({ auth: secret }) })],
  ["in a URL", (secret) => `https://example.com/?key=${encodeURIComponent(secret)}`],
  ["in a URL as a whole", (secret) => encodeURI(`https://example.com/${secret}`)],
  ["in a form", (secret) => new URLSearchParams({ key: secret }).toString()],
  ["in a dump of bytes", (secret) => Buffer.from(`a ${secret}`).toString("hex")],
  ["as Basic credentials", (secret) => Buffer.from(`user:${secret}`).toString("base64")],
  ["in base64url", (secret) => Buffer.from(`ab${secret}cd`).toString("base64url")],
])("a marked secret is found %s, and not printed", (form, write) => {
  const name = `the key ${form}`;
  const secret = markSecret(name, String.raw`k"ey/+=\7Q ${form} zt`);
  hear(`before ${write(secret)} after`);
  expect(expectNoSecretHeard).toThrow(name);
  expect(expectNoSecretHeard).not.toThrow(secret);
});
