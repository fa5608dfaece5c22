import type { Readable } from "node:stream";
import type { Diagnostic } from "../core/diagnostics.ts";
import { BugError, ConfigError } from "../core/errors.ts";
import type { PluginCheck } from "./plugin-check.ts";
import type { LoadedConfig } from "./types.ts";

export interface LoadOptions {
  /** Relative inputs are looked for here. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Read when an input is `-`. */
  readonly stdin: Readable;
  /** Plugins that gw runs, with their own rules. */
  readonly plugins: ReadonlyMap<string, PluginCheck>;
  readonly unknownPlugins: "error" | "warn";
  /** Without it an input that declares nothing is an error: it would empty a store. */
  readonly allowEmpty?: boolean;
}

export interface CheckedConfig {
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[];
  /** Absent when there are errors. */
  readonly loaded?: LoadedConfig;
  /** File → its text, with the values of sensitive fields masked by `*` of equal length. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Throws ConfigError with every diagnostic when the inputs cannot be used. */
export async function loadConfig(inputs: readonly string[], options: LoadOptions): Promise<LoadedConfig> {
  const { diagnostics, loaded, sources } = await checkConfig(inputs, options);
  if (loaded !== undefined) return loaded;
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "error").length;
  throw new ConfigError(`The configuration has ${errors === 1 ? "an error" : `${errors} errors`}.`, diagnostics, sources);
}

/** Every finding at once; never throws for what the user wrote. */
export async function checkConfig(inputs: readonly string[], options: LoadOptions): Promise<CheckedConfig> {
  throw new BugError(`Loading ${inputs.length} inputs from ${options.cwd} is not built yet.`);
}
