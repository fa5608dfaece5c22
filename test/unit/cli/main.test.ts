import { describe, expect, it } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { fakeTerminal } from "../../support/fake-terminal.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("gw", () => {
  it("prints its version, also as JSON", async () => {
    const terminal = fakeTerminal();
    expect(await main(["version"], terminal)).toBe(0);
    expect(terminal.said.out).toMatch(/^gw \d+\.\d+\.\d+\n$/);
    const json = fakeTerminal();
    expect(await main(["version", "--json"], json)).toBe(0);
    expect(JSON.parse(json.said.out)).toMatchObject({
      schema_version: 1,
      version: expect.stringMatching(/^\d/) as string,
    });
  });

  it("says what went wrong on stderr and exits with 1", async () => {
    const terminal = fakeTerminal();
    expect(await main(["vercion"], terminal)).toBe(1);
    expect(terminal.said).toEqual({
      out: "",
      err: "Error: Unknown command 'vercion'. Did you mean version? See `gw --help`. [GW_USAGE]\n",
    });
  });

  it("shows a stack only under GW_DEBUG=1", async () => {
    const terminal = fakeTerminal({ environment: { GW_DEBUG: "1" } });
    await main(["vercion"], terminal);
    expect(terminal.said.err).toContain("    at ");
  });

  it("colours errors on a terminal, unless told not to", async () => {
    const coloured = fakeTerminal({ colour: true });
    await main(["nope"], coloured);
    expect(coloured.said.err).toContain("\u001b[31mError:");
    const plain = fakeTerminal({ colour: true });
    await main(["nope", "--no-color"], plain);
    expect(plain.said.err).not.toContain("\u001b");
  });

  it("exits with 130 when it was interrupted", async () => {
    const controller = new AbortController();
    controller.abort();
    const terminal = fakeTerminal({ signal: controller.signal });
    expect(await main(["nope"], terminal)).toBe(130);
    expect(terminal.said.err).toBe("");
  });

  it("names the way out when there is no input", async () => {
    const terminal = fakeTerminal({ cwd: tempDir() });
    expect(await main(["diff"], terminal)).toBe(1);
    expect(terminal.said.err).toMatch(/no kong\.yaml in .*Name a file or a folder, or - for standard input/);
  });
});
