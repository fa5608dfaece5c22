import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../../../../src/cli/main.ts";
import { fakeTerminal } from "../../../support/fake-terminal.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const head = '_format_version: "3.0"\n';
const service = 'services: [{ name: a, url: "http://a.example.com", routes: [{ name: r, paths: [/x(y)] }] }]\n';
const people = "consumers: [{ username: ann, acls: [{ group: admins }] }]\n";

function folder(text: string): string {
  const cwd = tempDir();
  writeFileSync(join(cwd, "kong.yaml"), head + text);
  return cwd;
}

async function run(cwd: string, ...argv: string[]) {
  const terminal = fakeTerminal({ cwd });
  return { code: await main(argv, terminal), ...terminal.said };
}

describe("-E and -W", () => {
  it("make an error of a warning, by its code", async () => {
    const cwd = folder(service);
    expect((await run(cwd, "validate")).code).toBe(0);
    const raised = await run(cwd, "validate", "-E", "no-effect,route-regex-path-format");
    expect(raised).toMatchObject({ code: 1, err: expect.stringContaining("error: Route") as string });
    expect((await run(cwd, "sync", "--warnings-as-errors", "route-regex-path-format")).code).toBe(1);
  });

  it("make a warning of a plugin that gw cannot run, unless -E says otherwise", async () => {
    const cwd = folder(`${service}plugins: [{ name: bot-detection, config: {} }]\n`);
    expect((await run(cwd, "validate")).code).toBe(1);
    expect((await run(cwd, "validate", "-W", "unknown-plugin")).code).toBe(0);
    expect((await run(cwd, "validate", "-W", "unknown-plugin", "-E", "unknown-plugin")).code).toBe(1);
  });

  it("refuse codes that do not exist, and errors that leave nothing to go on with", async () => {
    const cwd = folder(service);
    expect((await run(cwd, "validate", "-E", "no-efect")).err).toContain('Did you mean "no-effect"?');
    expect((await run(cwd, "validate", "-W", "duplicate")).err).toContain("cannot make a warning of duplicate");
  });

  it("accept decK's codes of plugins that gw does not have", async () => {
    expect((await run(folder(service), "validate", "-W", "oidc-missing-required-config")).code).toBe(0);
  });
});

describe("--skip-consumers", () => {
  it("leaves stored consumers alone in diff, sync and reset, and out of dump", async () => {
    const cwd = folder(service + people);
    expect((await run(cwd, "sync", "--skip-consumers")).out).not.toContain("consumer");
    expect((await run(cwd, "sync")).out).toContain("creating consumer ann");
    writeFileSync(join(cwd, "kong.yaml"), head + service);
    expect((await run(cwd, "diff", "--non-zero-exit-code")).code).toBe(2);
    expect((await run(cwd, "diff", "--non-zero-exit-code", "--skip-consumers")).code).toBe(0);
    expect((await run(cwd, "dump", "--skip-consumers")).out).not.toContain("ann");
    await run(cwd, "reset", "--force", "--skip-consumers");
    const { out } = await run(cwd, "dump");
    expect(out).toContain("admins");
    expect(out).not.toContain("services");
  });
});

it("--strict-kong lists what only gw has", async () => {
  const cwd = folder(`${service}vaults: [{ name: file, prefix: keys, config: { path: ./keys } }]\n`);
  expect((await run(cwd, "validate")).err).not.toContain("gw-only");
  expect(await run(cwd, "validate", "--strict-kong")).toMatchObject({
    code: 0,
    err: expect.stringContaining("gw-only") as string,
  });
});
