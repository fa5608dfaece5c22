import { expect, it } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { addScheme } from "../../../src/secrets/scheme.ts";

it.each([
  ["sk-proj-abc", "Bearer sk-proj-abc", true],
  ["Bearer sk-abc", "Bearer sk-abc", false],
  ["bearer sk-abc", "bearer sk-abc", false],
  ["Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz", false],
  ["AWS4-HMAC-SHA256 Credential=x, Signature=y", "AWS4-HMAC-SHA256 Credential=x, Signature=y", false],
  ["Bearer", "Bearer Bearer", true],
  ["key=a b", "Bearer key=a b", true],
  ["", "", false],
])("%j is sent as %j", (stored, sent, added) => {
  const result = addScheme(new Secret(stored));
  expect([result.secret.reveal(), result.added]).toEqual([sent, added]);
});
