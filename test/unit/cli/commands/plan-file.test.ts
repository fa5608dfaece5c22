import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Terminal } from "../../../../src/cli/command.ts";
import { main } from "../../../../src/cli/main.ts";
import { fakeTerminal } from "../../../support/fake-terminal.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const secret = "sk-planted-secret";
const target = (provider: string, value: string, description: string): string => `
          - { route_type: llm/v1/chat, description: ${description}, model: { provider: ${provider}, name: m, options: { mistral_format: openai } }, auth: { header_name: Authorization, header_value: "${value}" } }`;
const config = (...targets: readonly string[]): string => `_format_version: "3.0"
consumers:
  - username: ann
    keyauth_credentials: [{ key: "${secret}-key" }]
services:
  - name: a
    host: a.example.com
    routes: [{ name: r, paths: [/] }]
    plugins:
      - name: ai-proxy-advanced
        config:
          balancer: { algorithm: semantic }
          embeddings: { model: { provider: local, name: universal-sentence-encoder-lite } }
          vectordb: { strategy: memory, dimensions: 512, threshold: 0.7, distance_metric: cosine }
          targets:${targets.join("")}
`;
const openai = target("openai", `Bearer ${secret}-1`, "one");
const mistral = target("mistral", `Bearer ${secret}-2`, "CATCHALL");

function project() {
  const cwd = tempDir();
  const gw = async (argv: readonly string[], given: Partial<Terminal> = {}) => {
    const terminal = fakeTerminal({ cwd, ...given });
    return { code: await main(argv, terminal), ...terminal.said };
  };
  const write = (text: string): void => writeFileSync(join(cwd, "kong.yaml"), text);
  write(config(openai, mistral));
  return { cwd, gw, write };
}

describe("[masked]", () => {
  it("stands in a dump for each secret in plain text, and means unchanged when it is read back", async () => {
    const { gw } = project();
    await gw(["sync"]);
    const { out } = await gw(["dump"]);
    expect(out).not.toContain(secret);
    expect(out.match(/\[masked\]/g)).toHaveLength(3);
    const back = await gw(["diff", "-", "--non-zero-exit-code"], { stdin: Readable.from([out]) });
    expect(back).toMatchObject({ code: 0 });
    expect(back.err + back.out).not.toContain(secret);
    expect(await gw(["validate", "-"], { stdin: Readable.from([out]) })).toMatchObject({ code: 0 });
    expect((await gw(["dump", "--with-secrets"])).out).toContain(`${secret}-2`);
  });

  it("follows its target when targets change places, and never goes to another provider", async () => {
    const { gw, write } = project();
    await gw(["sync"]);
    const masked = [target("openai", "[masked]", "one"), target("mistral", "[masked]", "CATCHALL")] as const;
    write(
      config(masked[1], masked[0])
        .replace(`${secret}-key`, "[masked]")
        .replace("{ key:", "{ id: 11111111-1111-4111-8111-111111111111, key:"),
    );
    expect(await gw(["validate"])).toMatchObject({ code: 1, err: expect.stringContaining("masked-secret") as string });
    write(config(masked[1], masked[0]));
    expect(await gw(["sync"])).toMatchObject({ code: 0 });
    const { out } = await gw(["dump", "--with-secrets", "--format", "json"]);
    const { targets } = (JSON.parse(out) as { services: { plugins: { config: { targets: object[] } }[] }[] })
      .services[0]?.plugins[0]?.config ?? { targets: [] };
    expect(targets).toMatchObject([
      { model: { provider: "mistral" }, auth: { header_value: `Bearer ${secret}-2` } },
      { model: { provider: "openai" }, auth: { header_value: `Bearer ${secret}-1` } },
    ]);
    write(config(target("openai", "[masked]", "changed"), mistral));
    expect(await gw(["validate"])).toMatchObject({ code: 1, err: expect.stringContaining("masked-secret") as string });
  });

  it("is an error for what the store does not hold", async () => {
    const { gw, write } = project();
    write(config(target("openai", "[masked]", "one"), mistral));
    expect(await gw(["sync"])).toMatchObject({ code: 1, err: expect.stringContaining("masked-secret") as string });
  });
});

describe("gw diff --out and gw sync --plan", () => {
  it("carries out what was planned, from files that are read again", async () => {
    const { cwd, gw } = project();
    expect(await gw(["diff", "--out", "plan.json"])).toMatchObject({ code: 0 });
    const text = readFileSync(join(cwd, "plan.json"), "utf8");
    expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({
      schema_version: 1,
      serial: 0,
      inputs: ["kong.yaml"],
      summary: { total: 5 },
    });
    expect(await gw(["sync", "--plan", "plan.json"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Created: 5") as string,
    });
    expect(await gw(["diff", "--non-zero-exit-code"])).toMatchObject({ code: 0 });
  });

  it("is refused when the store or the files moved, even if only a secret did", async () => {
    const { gw, write } = project();
    await gw(["diff", "--out", "plan.json"]);
    write(config(target("openai", "Bearer sk-planted-other", "one"), mistral));
    expect(await gw(["sync", "--plan", "plan.json"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("changed since the plan") as string,
    });
    await gw(["sync"]);
    expect(await gw(["sync", "--plan", "plan.json"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("at serial 1, not 0") as string,
    });
    expect(await gw(["sync", "--plan", "kong.yaml"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("is not a plan") as string,
    });
    expect(await gw(["sync", "--plan", "plan.json", "kong.yaml"])).toMatchObject({ code: 1 });
  });
});

describe("the body of an update", () => {
  it("names only what changes when it is compact, which it is on a terminal", async () => {
    const { gw, write } = project();
    await gw(["sync"]);
    write(config(mistral, openai.replace("name: m", "name: m2")).replace("a.example.com", "b.example.com"));
    const compact = await gw(["diff", "--body", "compact"]);
    expect(compact.out).toBe(
      [
        "updating service a",
        '  ~ host: "a.example.com" → "b.example.com"',
        "updating plugin ai-proxy-advanced for service a",
        '  ~ config.targets[1].model.name: "m" → "m2"',
        "Summary:",
        "  Created: 0",
        "  Updated: 2",
        "  Deleted: 0",
        "",
      ].join("\n"),
    );
    expect((await gw(["diff"], { isInteractive: true })).out).toBe(compact.out);
    write(config(mistral, openai));
    expect((await gw(["diff", "--body", "compact"])).out).toContain("  > config.targets[1] moves to [0]\n");
  });
});
