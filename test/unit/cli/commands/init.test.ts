import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { main } from "../../../../src/cli/main.ts";
import { fakeTerminal } from "../../../support/fake-terminal.ts";
import { tempDir } from "../../../support/temp-dir.ts";

function project() {
  const cwd = tempDir();
  const gw = async (argv: readonly string[]) => {
    const terminal = fakeTerminal({ cwd });
    return { code: await main(argv, terminal), ...terminal.said };
  };
  return { cwd, gw };
}

it("gw init writes a file that validates, with a modeline that leads to its schema", async () => {
  const { cwd, gw } = project();
  expect(await gw(["init"])).toMatchObject({ code: 0, out: "" });
  expect(await gw(["validate"])).toEqual({ code: 0, out: "", err: "" });
  const path =
    /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(cwd, "kong.yaml"), "utf8"))?.[1] ?? "";
  expect(JSON.parse(readFileSync(join(cwd, path), "utf8"))).toEqual(JSON.parse((await gw(["schema"])).out));
});

it("gw init leaves a kong.yaml that is there", async () => {
  const { cwd, gw } = project();
  writeFileSync(join(cwd, "kong.yaml"), "mine");
  expect(await gw(["init"])).toMatchObject({ code: 1, err: expect.stringContaining("--yes") as string });
  expect(readFileSync(join(cwd, "kong.yaml"), "utf8")).toBe("mine");
});

it("gw schema describes plugin settings down to the last field, and tells right from wrong without references", async () => {
  const { cwd, gw } = project();
  await gw(["init"]);
  const text = (await gw(["schema"])).out;
  expect(text).not.toContain('"$ref"');
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(text) as object);
  const starter = readFileSync(join(cwd, "kong.yaml"), "utf8");
  expect(validate(parse(starter))).toBe(true);
  expect(validate(parse(starter.replace("threshold", "treshold")))).toBe(false);
  expect(validate(parse(starter.replace("route_type: llm/v1/chat", "route_type: 3")))).toBe(false);
});
