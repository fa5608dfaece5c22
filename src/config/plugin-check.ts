import type { Diagnostic } from "../core/diagnostics.ts";
import type { JsonObject } from "../core/json.ts";

/** What a plugin's own rules may look at beyond its config. */
export interface CheckContext {
  /** Prefixes of the configured vaults and the names of built-in ones. */
  readonly vaultPrefixes: ReadonlySet<string>;
}

/** A diagnostic before the loader gives it a place in a file. `at` is a dotted path inside the plugin's `config`. */
export interface ConfigFinding extends Pick<Diagnostic, "severity" | "code" | "message" | "fix"> {
  readonly at: string;
}

/** Rules that a schema cannot say. `config` passed the plugin's schema and has its defaults. */
export type PluginCheck = (config: JsonObject, context: CheckContext) => readonly ConfigFinding[];

/** Called once for a plugin that the files name: the code of the others is not loaded. */
export type LoadPluginCheck = () => Promise<PluginCheck>;
