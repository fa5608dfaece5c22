import { expect, it } from "vitest";
import { sensitivePointers } from "../../../src/config/sensitive.ts";

it("points at the secrets of a known vault", () => {
  const vault = { name: "hcv", prefix: "v", config: { host: "h", token: "t", approle_secret_id: "s" } };
  expect(sensitivePointers("vaults", vault)).toEqual(["/config/token", "/config/approle_secret_id"]);
});

it("points into lists and deep records of a known plugin", () => {
  const config = {
    targets: [{ auth: { header_name: "Authorization", header_value: "x" } }],
    vectordb: { redis: { host: "h", password: "p" } },
  };
  expect(sensitivePointers("plugins", { name: "ai-proxy-advanced", config })).toEqual([
    "/config/targets/0/auth/header_value",
    "/config/vectordb/redis/password",
  ]);
});

it("takes every text in the config of an unknown plugin for a possible secret", () => {
  const config = { key_names: ["apikey"], minutes: 5, "a/b": { "c~d": "x" } };
  expect(sensitivePointers("plugins", { name: "jwt", config })).toEqual(["/config/key_names/0", "/config/a~1b/c~0d"]);
});

it("finds no secrets in services and routes", () => {
  expect(sensitivePointers("services", { name: "a", host: "b", tags: ["c"] })).toEqual([]);
});
