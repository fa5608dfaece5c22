import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyConfig } from "../../../src/config/kinds.ts";
import { checkConfig, loadConfig } from "../../../src/config/load.ts";
import { ConfigError } from "../../../src/core/errors.ts";
import { loadOptions } from "../../support/load-fixture.ts";

const service = '_format_version: "3.0"\nservices: [{name: a, url: http://a.example.com}]\n';
let cwd = "";

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gw-load-"));
});

afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

describe("inputs", () => {
  it("reads the seed's file without errors", async () => {
    const seed = join(import.meta.dirname, "../../../fixtures/seed/kong.yaml");
    const loaded = await loadConfig([seed], loadOptions());
    expect(loaded.diagnostics).toEqual([]);
    expect(loaded.config.plugins[0]?.config).toMatchObject({
      vectordb: { redis: { host: "127.0.0.1", port: 6379, database: 0 } },
    });
    expect(loaded.config.vaults[0]?.config).toMatchObject({ token: '${{ env "DECK_VAULT_TOKEN" }}' });
  });

  it("reads standard input for -", async () => {
    const loaded = await loadConfig(
      ["-"],
      loadOptions({ stdin: Readable.from([service.slice(0, 20), service.slice(20)]) }),
    );
    expect(loaded.files).toEqual(["-"]);
    expect(loaded.config.services).toMatchObject([{ name: "a" }]);
  });

  it("reads directories in sorted order, with the files it was given once each", async () => {
    mkdirSync(join(cwd, "conf/z"), { recursive: true });
    writeFileSync(join(cwd, "conf/b.YAML"), service);
    writeFileSync(join(cwd, "conf/z/a.json"), '{"_format_version": "3.0"}');
    writeFileSync(join(cwd, "conf/a.yml"), "\uFEFF# only a comment\n");
    writeFileSync(join(cwd, "conf/readme.md"), "no configuration");
    const loaded = await loadConfig(["conf", "conf"], loadOptions({ cwd }));
    expect(loaded.files).toEqual(["conf/a.yml", "conf/b.YAML", "conf/z/a.json"]);
  });

  it("says what to do about a file that is not there, and about a directory without files", async () => {
    mkdirSync(join(cwd, "empty"));
    const { diagnostics, loaded } = await checkConfig(["missing.yaml", "empty"], loadOptions({ cwd }));
    expect(loaded).toBeUndefined();
    expect(diagnostics).toMatchObject([
      { code: "file-not-found", message: 'There is no file "missing.yaml".', fix: expect.stringContaining("gw init") },
      { code: "no-files", message: expect.stringContaining('"empty"') },
    ]);
  });

  it.skipIf(process.getuid?.() === 0)(
    "reports a file that may not be read (root may read all, so not as root)",
    async () => {
      writeFileSync(join(cwd, "kong.yaml"), service);
      chmodSync(join(cwd, "kong.yaml"), 0);
      const { diagnostics } = await checkConfig(["kong.yaml"], loadOptions({ cwd }));
      expect(diagnostics).toMatchObject([{ code: "file-unreadable" }]);
    },
  );

  it("reports what is no file at all", async () => {
    writeFileSync(join(cwd, "kong.yaml"), service);
    const { diagnostics } = await checkConfig(["bad\0name"], loadOptions({ cwd }));
    expect(diagnostics).toMatchObject([{ code: "file-unreadable" }]);
  });
});

describe("loadConfig", () => {
  it("throws every diagnostic at once, with masked sources", async () => {
    const text = `${service}vaults: [{name: hcv, prefix: x, config: {token: sk-planted-secret, prot: 1}}]\nroutes: [{name: r}]\n`;
    writeFileSync(join(cwd, "kong.yaml"), text);
    const error: unknown = await loadConfig(["kong.yaml"], loadOptions({ cwd })).catch((thrown: unknown) => thrown);
    if (!(error instanceof ConfigError)) throw new Error("expected a ConfigError");
    expect(error.message).toBe("The configuration has 3 errors.");
    expect(error.diagnostics.map(({ code }) => code)).toEqual(["bad-value", "unknown-key", "route-matcher"]);
    expect(error.sources.get("kong.yaml")).toHaveLength(text.length);
    expect(JSON.stringify([error.diagnostics, [...error.sources]])).not.toContain("sk-planted-secret");
  });

  it("refuses nothing unless that is allowed", async () => {
    writeFileSync(join(cwd, "kong.yaml"), '_format_version: "3.0"\nservices: []\n');
    await expect(loadConfig(["kong.yaml"], loadOptions({ cwd }))).rejects.toMatchObject({
      diagnostics: [{ code: "nothing-declared" }],
    });
    const loaded = await loadConfig(["kong.yaml"], loadOptions({ cwd, allowEmpty: true }));
    expect(loaded.config).toEqual(emptyConfig);
  });

  it("accepts unknown plugins with a warning and names them, and keeps what may be secret in them out of sight", async () => {
    const plugin =
      "plugins: [{name: oauth2-introspection, config: {key_names: [sk-planted-secret], url: '${{ env \"DECK_VAULT_TOKEN\" }}', gone: null}}]\n";
    writeFileSync(join(cwd, "kong.yaml"), service + plugin);
    const { loaded, diagnostics, sources } = await checkConfig(
      ["kong.yaml"],
      loadOptions({ cwd, unknownPlugins: "warn" }),
    );
    expect(diagnostics).toMatchObject([{ severity: "warning", code: "unknown-plugin" }]);
    expect(loaded?.unavailablePlugins).toEqual([loaded?.config.plugins[0]?.id]);
    expect(loaded?.config.plugins[0]?.config).toEqual({
      key_names: ["sk-planted-secret"],
      url: '${{ env "DECK_VAULT_TOKEN" }}',
      gone: null,
    });
    expect([...sources.values()].join("")).not.toContain("sk-planted-secret");
  });

  it("gives the same value whatever the order of files and entities", async () => {
    writeFileSync(join(cwd, "a.yaml"), `${service}consumers: [{username: x}, {username: y}]\n`);
    writeFileSync(
      join(cwd, "b.yaml"),
      '_format_version: "3.0"\nroutes: [{name: r, paths: [/], service: a}]\nconsumers: [{username: b}]\n',
    );
    const [one, other] = await Promise.all([
      loadConfig(["a.yaml", "b.yaml"], loadOptions({ cwd })),
      loadConfig(["b.yaml", "a.yaml"], loadOptions({ cwd })),
    ]);
    expect(JSON.stringify(one.config)).toBe(JSON.stringify(other.config));
  });
});
