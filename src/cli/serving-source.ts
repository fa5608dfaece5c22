import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { plugins } from "../catalogue.ts";
import { resolveEnvironment } from "../config/resolve-environment.ts";
import { isObserver } from "../config/rules/plugins.ts";
import type { GatewayConfig } from "../config/types.ts";
import { UsageError } from "../core/errors.ts";
import { openStore } from "../state/open.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { DEFAULT_FILE, loadInput } from "./config-input.ts";
import { listOf } from "./option-values.ts";
import { storeLocation, storeName } from "./open-store.ts";
import { diagnosticsText } from "./views/diagnostics.ts";
import { WatchedFiles } from "./watched-files.ts";

export const connectToOption: Option = {
  flags: "--connect-to <host:port=url>",
  summary: "dial URL whenever HOST:PORT is meant, as curl's option of that name",
  isList: true,
};

/** What is to be served, with the environment's values filled in: in memory only. */
export interface Serving {
  /** Of the store; undefined when files are served. */
  readonly serial: number | undefined;
  readonly config: GatewayConfig;
  readonly unavailablePlugins: readonly string[];
}

export interface ServingSource {
  /** For the line on stderr that says what is used. */
  readonly description: string;
  load(): Promise<Serving>;
  /** Calls back soon after the source has changed, or if it has since it was loaded; the returned function stops it. */
  watch(onChange: () => void): () => void;
  close(): Promise<void>;
}

/**
 * The files that the command line names, else the store when it holds something, else ./kong.yaml (docs/CLI.md). Throws UsageError when
 * there is nothing to serve.
 */
export async function openServingSource(
  args: readonly string[],
  options: OptionValues,
  terminal: Terminal,
): Promise<ServingSource> {
  if (args.length > 0 || listOf(options, "state").length > 0) return fileSource(args, options, terminal);
  const store = await storeSource(options, terminal);
  if (store !== undefined) return store;
  if (existsSync(join(terminal.cwd, DEFAULT_FILE))) return fileSource([DEFAULT_FILE], options, terminal);
  throw new UsageError(
    `Nothing to serve: the store ${storeName(options)} is empty and there is no ${DEFAULT_FILE} here. Run \`gw sync FILE\`, or name a file.`,
  );
}

async function storeSource(options: OptionValues, terminal: Terminal): Promise<ServingSource | undefined> {
  const store = await openStore(storeLocation(options), terminal.cwd);
  const { serial } = await store.read();
  if (serial === 0) {
    await store.close();
    return undefined;
  }
  let loaded = serial;
  return {
    description: `the store ${storeName(options)}`,
    load: async () => {
      const snapshot = await store.read();
      loaded = snapshot.serial;
      return {
        serial: snapshot.serial,
        config: resolveEnvironment(withoutObservers(snapshot.config), terminal.environment),
        unavailablePlugins: snapshot.unavailablePlugins,
      };
    },
    watch: (onChange) => {
      const stop = store.watch(onChange);
      void store.read().then((now) => now.serial !== loaded && onChange(), onChange);
      return stop;
    },
    close: async () => await store.close(),
  };
}

function fileSource(args: readonly string[], options: OptionValues, terminal: Terminal): ServingSource {
  const named = [...args, ...listOf(options, "state")];
  const files = new WatchedFiles(pathsOf(named, terminal.cwd));
  return {
    description: named.join(", "),
    load: async () => {
      files.look();
      const loaded = await loadInput(args, options, terminal);
      terminal.err(diagnosticsText(loaded.diagnostics, new Map(), terminal.colour));
      files.add(pathsOf(loaded.files, terminal.cwd));
      return {
        serial: undefined,
        config: resolveEnvironment(withoutObservers(loaded.config), terminal.environment),
        unavailablePlugins: loaded.unavailablePlugins,
      };
    },
    watch: (onChange) => files.watch(onChange),
    close: async () => {},
  };
}

/** Plugins that only watch, and that gw does not have: without them everything else is served. */
function withoutObservers(config: GatewayConfig): GatewayConfig {
  const isSkipped = (name: string): boolean => isObserver(name) && !Object.hasOwn(plugins, name);
  return { ...config, plugins: config.plugins.filter(({ name }) => !isSkipped(name)) };
}

/** Standard input cannot be read twice, so it is not watched. */
function pathsOf(files: readonly string[], cwd: string): readonly string[] {
  return files.filter((file) => file !== "-").map((file) => resolve(cwd, file));
}
