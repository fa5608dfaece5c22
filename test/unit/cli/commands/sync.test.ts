import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Terminal } from "../../../../src/cli/command.ts";
import { main } from "../../../../src/cli/main.ts";
import { fakeTerminal } from "../../../support/fake-terminal.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const two = `_format_version: "3.0"
services:
  - { name: first, url: "http://first.example.com" }
  - { name: second, url: "http://second.example.com" }
`;
const one = `_format_version: "3.0"
services:
  - { name: first, url: "http://first.example.com" }
`;

/** A folder whose store holds `two` and whose kong.yaml says `one`. */
async function synced(): Promise<string> {
  const cwd = tempDir();
  writeFileSync(join(cwd, "kong.yaml"), two);
  expect(await main(["sync"], fakeTerminal({ cwd }))).toBe(0);
  writeFileSync(join(cwd, "kong.yaml"), one);
  return cwd;
}

async function run(argv: readonly string[], given: Partial<Terminal>) {
  const terminal = fakeTerminal(given);
  return { code: await main(argv, terminal), ...terminal.said };
}

describe("gw sync before it deletes", () => {
  it("shows what will go and asks a person", async () => {
    const cwd = await synced();
    const refused = await run(["sync"], { cwd, isInteractive: true, stdin: Readable.from(["n\n"]) });
    expect(refused).toEqual({
      code: 1,
      out: "deleting service second\n",
      err: expect.stringMatching(/deletes 1 entity.*\[y\/N\] Error: Nothing was changed/s) as string,
    });
    expect((await run(["diff", "--non-zero-exit-code"], { cwd })).code).toBe(2);
    const agreed = await run(["sync"], { cwd, isInteractive: true, stdin: Readable.from(["y\n"]) });
    expect(agreed).toMatchObject({ code: 0, out: expect.stringContaining("Deleted: 1") as string });
  });

  it.each([
    ["with --yes", ["sync", "--yes"], true],
    ["in a pipe", ["sync"], false],
  ])("does not ask %s", async (_, argv, isInteractive) => {
    const cwd = await synced();
    const result = await run(argv, { cwd, isInteractive, stdin: new PassThrough() });
    expect(result).toMatchObject({ code: 0, err: "will delete 1:\n  service second\n" });
  });

  it("does not ask when nothing is deleted", async () => {
    const cwd = await synced();
    writeFileSync(join(cwd, "kong.yaml"), two.replace("http://first", "http://other"));
    expect(await run(["sync"], { cwd, isInteractive: true, stdin: new PassThrough() })).toMatchObject({
      code: 0,
      err: "",
    });
  });

  it("changes nothing and exits with 130 when it is interrupted while asking", async () => {
    const cwd = await synced();
    const controller = new AbortController();
    const stdin = new PassThrough();
    const terminal = fakeTerminal({ cwd, isInteractive: true, stdin, signal: controller.signal });
    const running = main(["sync"], { ...terminal, err: () => controller.abort() });
    expect(await running).toBe(130);
    expect((await run(["diff", "--non-zero-exit-code"], { cwd })).code).toBe(2);
  });
});

describe("gw validate", () => {
  it("says on a terminal what it found good, and nothing in a pipe", async () => {
    const cwd = await synced();
    expect(await run(["validate"], { cwd, isInteractive: true })).toEqual({ code: 0, out: "ok: 1 service\n", err: "" });
    expect(await run(["validate"], { cwd })).toEqual({ code: 0, out: "", err: "" });
  });
});
