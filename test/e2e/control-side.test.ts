import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type GwRun, runGw, startGw } from "../support/run-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

const seed = fileURLToPath(new URL("../../fixtures/seed/kong.yaml", import.meta.url));
const env = { DECK_VAULT_HOST: "vault.internal", DECK_VAULT_TOKEN: "planted-token", DECK_REDIS_HOST: "redis.internal" };
const zeros = "Summary:\n  Created: 0\n  Updated: 0\n  Deleted: 0\n";

/** A folder with the user's kong.yaml. */
function project(): { readonly cwd: string; gw: (args: readonly string[], more?: object) => Promise<GwRun> } {
  const cwd = tempDir();
  copyFileSync(seed, join(cwd, "kong.yaml"));
  return { cwd, gw: async (args, more = {}) => await runGw(args, { cwd, env, ...more }) };
}

describe("the user's kong.yaml", () => {
  it("is valid, in silence", async () => {
    const { gw } = project();
    expect(await gw(["validate"])).toEqual({ code: 0, out: "", err: "" });
    expect(await gw(["file", "validate", "kong.yaml"])).toEqual({ code: 0, out: "", err: "" });
  });

  it("syncs once, and the second time changes nothing", async () => {
    const { gw, cwd } = project();
    const first = await gw(["sync"]);
    expect(first).toEqual({
      code: 0,
      out: [
        "creating vault hashicorp-vault",
        "creating service example-service",
        "creating route example-route",
        "creating plugin ai-proxy-advanced (global)",
        "Summary:",
        "  Created: 4",
        "  Updated: 0",
        "  Deleted: 0",
        "",
      ].join("\n"),
      err: "",
    });
    expect(statSync(join(cwd, ".gw/state.db")).mode & 0o777).toBe(0o600);
    expect(await gw(["gateway", "sync", "-s", "kong.yaml"])).toEqual({ code: 0, out: zeros, err: "" });
    expect(JSON.parse((await gw(["sync", "--json"])).out)).toMatchObject({ serial: 1, summary: { total: 0 } });
  });

  it("comes back from dump without a difference", async () => {
    const { gw, cwd } = project();
    await gw(["sync"]);
    const dumped = await gw(["dump"]);
    expect(dumped).toMatchObject({ code: 0, err: "" });
    expect(await gw(["diff", "-", "--non-zero-exit-code"], { stdin: dumped.out })).toEqual({
      code: 0,
      out: zeros,
      err: "",
    });
    expect((await gw(["dump", "-o", "copy.yaml"])).code).toBe(0);
    expect(readFileSync(join(cwd, "copy.yaml"), "utf8")).toBe(dumped.out);
    expect(await gw(["dump", "-o", "copy.yaml"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("--yes") as string,
    });
    expect((await gw(["dump", "-o", "copy.yaml", "--yes"])).code).toBe(0);
  });

  it("never puts a secret into the store, a diff, a dump or an error", async () => {
    const { gw, cwd } = project();
    const said = [await gw(["sync"]), await gw(["dump"])];
    const changed = { env: { ...env, DECK_VAULT_TOKEN: "planted-rotated", DECK_VAULT_HOST: "other.internal" } };
    said.push(await gw(["diff"], changed), await gw(["diff", "--json"], changed));
    const literal = readFileSync(seed, "utf8").replaceAll(
      "{vault://hashicorp-vault/openai/key}",
      "planted-in-plain-text",
    );
    writeFileSync(join(cwd, "literal.yaml"), literal);
    said.push(
      await gw(["diff", "literal.yaml"]),
      await gw(["diff", "--json", "literal.yaml"]),
      await gw(["validate", "literal.yaml"]),
    );
    writeFileSync(join(cwd, "broken.yaml"), literal.replace('"planted-in-plain-text"', '"planted-in-plain-text'));
    said.push(
      await gw(["validate", "broken.yaml"]),
      await gw(["sync", "broken.yaml", "--json"], { env: { ...env, GW_DEBUG: "1" } }),
    );
    expect(said.map(({ out, err }) => `${out}${err}`).join("")).not.toContain("planted-");
    expect(said[2]?.out).toContain("[masked]");
    expect(readFileSync(join(cwd, ".gw/state.db"), "latin1")).not.toContain("planted-");
  });
});

describe("gw diff", () => {
  it("exits with 0 when it finds changes, with 2 when asked to, with 1 when it could not", async () => {
    const { gw, cwd } = project();
    expect((await gw(["diff"])).code).toBe(0);
    expect((await gw(["diff", "--non-zero-exit-code"])).code).toBe(2);
    const json = await gw(["diff", "--json-output", "--non-zero-exit-code"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({
      schema_version: 1,
      serial: 0,
      summary: { creating: 4, updating: 0, deleting: 0, total: 4 },
      warnings: [],
      errors: [],
    });
    expect((await gw(["diff", "--non-zero-exit-code", "missing.yaml"])).code).toBe(1);
    expect(existsSync(join(cwd, ".gw"))).toBe(false);
  });

  it("hides events on request, but keeps the JSON whole", async () => {
    const { gw } = project();
    expect((await gw(["diff", "--silence-events"])).out).toBe(zeros.replace("Created: 0", "Created: 4"));
    expect(JSON.parse((await gw(["diff", "--silence-events", "--json"])).out)).toMatchObject({ summary: { total: 4 } });
  });

  it("reports a failure as JSON too, and exits with 1", async () => {
    const { gw } = project();
    const failed = await gw(["diff", "--json", "missing.yaml"]);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({ serial: null, errors: [expect.stringContaining("missing.yaml")] });
    expect(failed.err).toContain("Error:");
  });
});

describe("select tags", () => {
  const file = (name: string): string =>
    `_format_version: "3.0"\nservices:\n  - { name: ${name}, url: "http://${name}.example.com" }\n`;

  it("let two teams share a store", async () => {
    const { gw } = project();
    await gw(["sync", "-", "--select-tag", "team-a"], { stdin: file("a") });
    await gw(["sync", "-", "--select-tag", "team-b"], { stdin: file("b") });
    const dumped = (await gw(["dump"])).out;
    expect(dumped).toContain("team-a");
    expect(dumped).toContain("team-b");
    expect((await gw(["diff", "-", "--select-tag", "team-a"], { stdin: file("a") })).out).toBe(zeros);
    expect((await gw(["diff", "-", "--select-tag", "team-a"], { stdin: file("other") })).out).toBe(
      "creating service other\ndeleting service a\nSummary:\n  Created: 1\n  Updated: 0\n  Deleted: 1\n",
    );
    expect(await gw(["sync", "-", "--select-tag", "team-a"], { stdin: file("b") })).toMatchObject({
      code: 1,
      err: expect.stringContaining("GW_STATE_CONFLICT") as string,
    });
  });
});

describe("bad input", () => {
  const service = "services:\n  - name: a\n    url: http://a.example.com\n";
  it.each([
    ["an empty file", "", /kong\.yaml|empty/],
    ["a YAML error", "services: [", /kong\.yaml:\d+:\d+: .*error/],
    ["an unknown key", `${service}    hots: x\n`, /kong\.yaml:4:5: error: .*hots/],
    ["a wrong type", "services:\n  - name: a\n    host: a\n    port: eighty\n", /kong\.yaml:4:\d+: error: /],
    [
      "a missing service",
      "routes:\n  - name: r\n    paths: [/]\n    service: { name: ghost }\n",
      /kong\.yaml:4:\d+: error: .*ghost/,
    ],
    [
      "duplicate names",
      `${service}  - name: a\n    url: http://b.example.com\n`,
      /kong\.yaml:4:\d+: error: [^]*kong\.yaml:2:/,
    ],
    [
      "a bad reference",
      readFileSync(seed, "utf8").replace("{vault://hashicorp-vault/mistral", "{vault://hashicorp-valt/mistral"),
      /kong\.yaml:\d+:\d+: error: .*hashicorp-valt/,
    ],
  ])("%s is a clear error with a place, for every command", async (_, text, expected) => {
    const { gw, cwd } = project();
    writeFileSync(join(cwd, "kong.yaml"), text);
    for (const command of ["validate", "diff", "sync"]) {
      const { code, out, err } = await gw([command]);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(expected);
      expect(err).toMatch(/Error: .*\[GW_CONFIG_INVALID\]\n$/);
      expect(err).not.toMatch(/^ +at /m);
    }
    expect(existsSync(join(cwd, ".gw"))).toBe(false);
  });

  it("is listed as JSON", async () => {
    const { gw, cwd } = project();
    writeFileSync(join(cwd, "kong.yaml"), `${service}    hots: x\n`);
    const { code, out } = await gw(["validate", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      schema_version: 1,
      valid: false,
      diagnostics: expect.arrayContaining([
        expect.objectContaining({ severity: "error", file: "kong.yaml", line: 4, column: 5, path: "services.0.hots" }),
      ]) as unknown,
    });
  });

  it("of a folder without kong.yaml says what to do", async () => {
    const cwd = tempDir();
    expect(await runGw(["validate"], { cwd })).toMatchObject({
      code: 1,
      err: expect.stringContaining("Name a file") as string,
    });
  });
});

describe("the store", () => {
  it("is where --store or GW_STORE says, and must be a store", async () => {
    const { gw, cwd } = project();
    mkdirSync(join(cwd, "a"));
    expect((await gw(["sync", "--store", "a/one.db"])).code).toBe(0);
    expect((await gw(["diff"], { env: { ...env, GW_STORE: "a/one.db" } })).out).toBe(zeros);
    expect(existsSync(join(cwd, ".gw"))).toBe(false);
    const before = readFileSync(seed, "utf8");
    expect(await gw(["sync", "--store", "kong.yaml"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("GW_STATE_CORRUPT") as string,
    });
    expect(readFileSync(join(cwd, "kong.yaml"), "utf8")).toBe(before);
    expect(await gw(["sync", "--store", "redis://127.0.0.1:1"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("GW_STATE_UNREACHABLE") as string,
    });
  });
});

describe("signals and pipes", () => {
  it("an interrupt while reading standard input exits with 130", async () => {
    const { cwd } = project();
    const child = startGw(["diff", "-"], { cwd, env });
    // More than a pipe holds: when it drains, the program is up and reading.
    child.stdin.on("error", () => {}).write("# a comment\n".repeat(20_000));
    await once(child.stdin, "drain");
    child.kill("SIGINT");
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect({ code, signal }).toEqual({ code: 130, signal: null });
  });

  it("a reader that goes away is no error", async () => {
    const { cwd, gw } = project();
    await gw(["sync"]);
    const child = startGw(["dump"], { cwd, env });
    child.stdout.destroy();
    let err = "";
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(err).toBe("");
  });
});
