import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { demoYaml } from "../../../src/demo/kong-yaml.ts";
import { demoEnvironment, demoKeys, demoPrompts, demoReferences } from "../../../src/demo/scenario.ts";

const seed = (name: string): string => readFileSync(new URL(`../../../fixtures/seed/${name}`, import.meta.url), "utf8");

it("is the user's configuration but for the vault, the vector store and the debug header", () => {
  const expected = parse(seed("kong.yaml"));
  expected.vaults = [{ name: "env", prefix: "hashicorp-vault", config: { prefix: "gw-demo-" } }];
  const { config } = expected.plugins[0];
  config.gw = { debug_header: true };
  config.vectordb.strategy = "memory";
  delete config.vectordb.redis;
  expect(parse(demoYaml)).toEqual(expected);
});

it("asks the user's prompts", () => {
  const lines = seed("prompts.jsonl").trim().split("\n");
  expect(demoPrompts).toEqual(lines.map((line) => JSON.parse(line)));
});

it("has a key in the environment for every reference of the configuration", () => {
  const written = new Set(demoYaml.match(/\{vault:[^}]+\}/g));
  expect(written).toEqual(new Set(demoReferences.values()));
  const inEnvironment = Object.values(demoEnvironment).map((value) => JSON.parse(value).key);
  expect(inEnvironment).toEqual(Object.values(demoKeys));
});
