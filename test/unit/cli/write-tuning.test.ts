import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeTuning } from "../../../src/cli/write-tuning.ts";

const text = `plugins:
  - name: ai-proxy-advanced
    config:
      targets:
        - description: code
`;
const shape = { name: "ai-proxy-advanced", descriptions: ["code"] };
const head = { embedding: "local/m", classes: [{ description: "code", weights: "AAAA" }] };

let folder: string;
let target: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gw-write-tuning-"));
  target = join(folder, "kong.yaml");
  writeFileSync(target, text);
});

afterEach(() => rmSync(folder, { recursive: true }));

it("writes the head beside the file, and the next one into the same place", () => {
  const file = join(folder, "kong.head");
  expect(writeTuning(target, shape, { gw: { head }, targets: [] })).toEqual([target, file]);
  expect(readFileSync(target, "utf8")).toBe(`${text}      gw:\n        head_file: kong.head\n`);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(head);

  const next = { ...head, embedding: "local/n" };
  expect(writeTuning(target, shape, { gw: { head: next }, targets: [] })).toEqual([target, file]);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(next);
});

it("leaves a file alone that is another's", () => {
  writeFileSync(join(folder, "kong.head"), "mine");
  expect(writeTuning(target, shape, { gw: { head }, targets: [] })).toEqual([target, join(folder, "kong-2.head")]);
  expect(readFileSync(join(folder, "kong.head"), "utf8")).toBe("mine");
});

it("names no file any more when the head is dropped", () => {
  writeTuning(target, shape, { gw: { head }, targets: [] });
  expect(writeTuning(target, shape, { gw: { rule: "contrast", head: undefined }, targets: [] })).toEqual([target]);
  expect(readFileSync(target, "utf8")).toBe(`${text}      gw:\n        rule: contrast\n`);
});
