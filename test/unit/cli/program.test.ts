import { describe, expect, it } from "vitest";
import type { Command } from "../../../src/cli/command.ts";
import { type CommandRow, readCommandLine } from "../../../src/cli/program.ts";
import { fakeTerminal } from "../../support/fake-terminal.ts";

const loaded: string[] = [];
const command = (name: string): Command => ({
  name,
  summary: `${name} things`,
  arguments: "[file...]",
  options: [
    { flags: "-s, --state <file>", summary: "more files", isList: true },
    { flags: "--json, --json-output", summary: "as JSON" },
    { flags: "--mode <mode>", summary: "how", choices: ["error", "warn"], default: "error" },
    { flags: "--no-masking", summary: "bare" },
  ],
  run: async () => 0,
});
const rows: readonly CommandRow[] = ["diff", "dump"].map((name) => ({
  name,
  summary: `${name} things`,
  groups: ["gateway"],
  load: async () => {
    loaded.push(name);
    return command(name);
  },
}));

async function read(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  loaded.length = 0;
  const call = await readCommandLine(argv, rows, fakeTerminal({ environment }));
  return typeof call === "number" ? call : { name: call.command.name, args: call.args, options: call.options };
}

describe("the command line", () => {
  it("loads the module of the named command only", async () => {
    await read(["diff", "a.yaml"]);
    expect(loaded).toEqual(["diff"]);
  });

  it("gives arguments, flags and defaults, global flags in any place", async () => {
    expect(
      await read(["diff", "a.yaml", "-s", "b.yaml", "--json", "-s", "c.yaml", "-", "--store", "x.db", "--no-color"]),
    ).toEqual({
      name: "diff",
      args: ["a.yaml", "-"],
      options: {
        state: ["b.yaml", "c.yaml"],
        jsonOutput: true,
        mode: "error",
        masking: true,
        store: "x.db",
        color: false,
      },
    });
    expect(await read(["--store", "x.db", "diff"])).toMatchObject({ options: { store: "x.db" } });
    expect(await read(["diff", "--json-output"])).toMatchObject({ options: { jsonOutput: true } });
  });

  it("knows decK's groups", async () => {
    expect(await read(["gateway", "dump", "--json"])).toMatchObject({ name: "dump", options: { jsonOutput: true } });
    await expect(read(["file", "dump"])).rejects.toMatchObject({ code: "GW_USAGE" });
  });

  it("takes what is not a flag from GW_ variables", async () => {
    const environment = {
      GW_STORE: "env.db",
      GW_JSON_OUTPUT: "1",
      GW_STATE: "a.yaml,b.yaml",
      GW_MODE: "warn",
      GW_NO_MASKING: "true",
    };
    expect(await read(["diff"], environment)).toMatchObject({
      options: { store: "env.db", jsonOutput: true, state: ["a.yaml", "b.yaml"], mode: "warn", masking: false },
    });
    expect(await read(["diff", "--store", "flag.db", "--mode", "error"], environment)).toMatchObject({
      options: { store: "flag.db", mode: "error" },
    });
    expect(await read(["diff"], { GW_STORE: "", GW_JSON_OUTPUT: "0", GW_NO_MASKING: "no" })).toMatchObject({
      options: { store: ".gw/state.db", jsonOutput: false, masking: true },
    });
  });

  it.each([
    [["dif"], {}, "Unknown command 'dif'. Did you mean diff?"],
    [["gateway", "dumb"], {}, "Unknown command 'dumb'. Did you mean dump?"],
    [["diff", "--json-outptu"], {}, "Unknown option '--json-outptu'. Did you mean --json-output?"],
    [["diff", "--mode", "loud"], {}, "'loud' is invalid"],
    [["diff", "--mode"], {}, "argument missing"],
    [["diff"], { GW_MODE: "loud" }, "GW_MODE is not valid"],
    [["diff"], { GW_JSON_OUTPUT: "perhaps" }, "GW_JSON_OUTPUT must be true or false"],
  ])("refuses %j with %j", async (argv, environment, message) => {
    await expect(read(argv, environment)).rejects.toMatchObject({
      code: "GW_USAGE",
      message: expect.stringContaining(message) as string,
    });
  });

  it("prints help on stdout when asked, on stderr with exit code 1 when nothing was asked", async () => {
    const asked = fakeTerminal();
    expect(await readCommandLine(["--help"], rows, asked)).toBe(0);
    expect(asked.said).toEqual({ out: expect.stringMatching(/diff .*diff things[^]*dump/) as string, err: "" });
    expect(asked.said.out).not.toMatch(/^ +gateway/m);
    const silent = fakeTerminal();
    expect(await readCommandLine([], rows, silent)).toBe(1);
    expect(silent.said.err).toContain("Usage: gw");
  });

  it("shows the flags of a command", async () => {
    const terminal = fakeTerminal();
    expect(await readCommandLine(["help", "diff"], rows, terminal)).toBe(0);
    expect(terminal.said.out).toContain("--json-output");
    expect(await readCommandLine(["--version"], rows, terminal)).toBe(0);
    expect(terminal.said.out).toMatch(/gw \d+\.\d+\.\d+\n$/);
  });
});
