import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type CheckedConfig, checkConfig, type LoadOptions } from "../../src/config/load.ts";
import type { AiProxyAdvancedConfig, LoadPluginCheck } from "../../src/config/types.ts";
import { checkAiProxyAdvanced } from "../../src/plugins/ai-proxy-advanced/check.ts";

export const configFixtures = join(import.meta.dirname, "../../fixtures/configs");

export const fixtureEnvironment = {
  DECK_ENABLED: "true",
  DECK_MULTILINE: "sk-planted-secret-3\nsecond line",
  DECK_PORT: "8443",
  DECK_TEXT: "text",
  DECK_URL: "https://from-environment.example.com/base",
  DECK_VAULT_HOST: "127.0.0.1",
  DECK_VAULT_TOKEN: "sk-planted-secret-4",
  DECK_REDIS_HOST: "127.0.0.1",
  GW_RETRIES: "7",
} as const;

export const plugins: ReadonlyMap<string, LoadPluginCheck> = new Map([
  [
    "ai-proxy-advanced",
    () =>
      Promise.resolve((config, context) => checkAiProxyAdvanced(config as unknown as AiProxyAdvancedConfig, context)),
  ],
]);

export function loadOptions(more: Partial<LoadOptions> = {}): LoadOptions {
  return {
    cwd: configFixtures,
    environment: fixtureEnvironment,
    stdin: Readable.from([]),
    plugins,
    unknownPlugins: "error",
    ...more,
  };
}

/** Names of the cases below fixtures/configs/<kind>. */
export function fixtureCases(kind: "valid" | "warned" | "invalid"): readonly string[] {
  return readdirSync(join(configFixtures, kind)).sort();
}

/** A case is a kong.yaml, or a directory of several files; `strict-kong…` is checked as with --strict-kong. */
export async function checkFixture(kind: "valid" | "warned" | "invalid", name: string): Promise<CheckedConfig> {
  const cwd = join(configFixtures, kind, name);
  const input = existsSync(join(cwd, "kong.yaml")) ? "kong.yaml" : "files";
  return await checkConfig([input], loadOptions({ cwd, strictKong: name.startsWith("strict-kong") }));
}
