import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkConfig } from "../../../src/config/load.ts";
import { configFixtures, loadOptions } from "../../support/load-fixture.ts";

const valid = join(configFixtures, "valid/ai-gw-head-file/files");
const text = readFileSync(join(valid, "kong.yaml"), "utf8");
const head: unknown = JSON.parse(readFileSync(join(valid, "kong.head"), "utf8"));

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gw-head-"));
  cpSync(valid, join(cwd, "conf"), { recursive: true });
});

afterEach(() => rmSync(cwd, { recursive: true }));

async function headOf(input: string, more = {}): Promise<unknown> {
  const { loaded, diagnostics } = await checkConfig([input], loadOptions({ cwd, ...more }));
  expect(diagnostics).toEqual([]);
  return loaded?.config.plugins[0]?.config;
}

it("looks beside the configuration file, and leaves no name of a file in the entity", async () => {
  const config = await headOf("conf/kong.yaml");
  expect(config).toMatchObject({ gw: { head } });
  expect(config).not.toHaveProperty("gw.head_file");
});

it("takes an absolute name, and looks in the working directory for standard input", async () => {
  writeFileSync(join(cwd, "kong.yaml"), text.replace("kong.head", join(cwd, "conf/kong.head")));
  expect(await headOf("kong.yaml")).toMatchObject({ gw: { head } });
  const stdin = Readable.from([text.replace("kong.head", "conf/kong.head")]);
  expect(await headOf("-", { stdin })).toMatchObject({ gw: { head } });
});

it("reads the name from a shared block, too", async () => {
  const file = join(cwd, "conf/kong.yaml");
  const own = text.replace("    config:\n", "    _config: routed\n    config:\n").replace(/ +head_file.*\n/, "");
  writeFileSync(file, `${own}_plugin_configs:\n  routed: { gw: { head_file: kong.head } }\n`);
  expect(await headOf("conf/kong.yaml")).toMatchObject({ gw: { head } });
});

it("says so when the name is a folder's", async () => {
  rmSync(join(cwd, "conf/kong.head"));
  mkdirSync(join(cwd, "conf/kong.head"));
  const { diagnostics } = await checkConfig(["conf/kong.yaml"], loadOptions({ cwd }));
  expect(diagnostics).toMatchObject([
    { code: "file-unreadable", place: { file: "conf/kong.yaml", line: 13 }, path: "plugins.0.config.gw.head_file" },
  ]);
  expect(diagnostics[0]?.message).toContain('"conf/kong.head" cannot be read (EISDIR)');
});

it("shows the line of the head that is wrong", async () => {
  writeFileSync(join(cwd, "conf/kong.head"), '{\n  "embedding": 7,\n  "classes": []\n}\n');
  const { diagnostics, sources } = await checkConfig(["conf/kong.yaml"], loadOptions({ cwd }));
  expect(diagnostics.map(({ place }) => place)).toEqual([
    { file: "conf/kong.head", line: 2, column: 16 },
    { file: "conf/kong.head", line: 3, column: 14 },
  ]);
  expect(sources.get("conf/kong.head")).toContain('"embedding"');
});
