import { didYouMean } from "../../core/did-you-mean.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { DiagnosticCode } from "../codes.ts";
import type { Draft, Finding } from "../draft.ts";
import { parsePath } from "../path.ts";
import type { CheckContext, PluginCheck } from "../plugin-check.ts";
import { error, warning } from "./finding.ts";

const OBSERVERS: ReadonlySet<string> = new Set([
  "prometheus",
  "opentelemetry",
  "zipkin",
  "datadog",
  "statsd",
  "loggly",
]);

/** Plugins that look at requests and never decide about them: without one a route is as safe as with it. */
export function isObserver(name: string): boolean {
  return OBSERVERS.has(name) || name.endsWith("-log");
}

/** A plugin that gw does not run. With `warn` its routes answer 503: a plugin may be what keeps others out. */
export function checkPluginName(name: string, known: Iterable<string>, mode: "error" | "warn"): readonly Finding[] {
  const names = [...known];
  if (names.includes(name)) return [];
  if (isObserver(name)) {
    const message = `gw does not run the plugin "${name}", which only watches: it is skipped.`;
    return [warning("observer-skipped", message, ["name"])];
  }
  const message = `gw does not run the plugin "${name}".${didYouMean(name, names)}`;
  if (mode === "warn") return [warning("unknown-plugin", `${message} Its routes answer 503.`, ["name"])];
  return [
    error(
      "unknown-plugin",
      message,
      ["name"],
      "Remove it, or accept with --unknown-plugins=warn that its routes answer 503.",
    ),
  ];
}

/** Consumers are known only after an authentication plugin; their groups never. */
export function checkPluginScope({ value, parent }: Draft): readonly Finding[] {
  if (value["consumer_group"] !== undefined || parent?.collection === "consumer_groups") {
    const message = "runs for a group of consumers only, and gw does not run plugins by group: it never runs.";
    return [warning("scope-never-applies", message, ["consumer_group"])];
  }
  const { name } = value;
  if (value["consumer"] === undefined && parent?.collection !== "consumers") return [];
  if (typeof name !== "string" || !beforeConsumers.has(name)) return [];
  return [
    error("bad-value", `${name} cannot be for one consumer: it runs for all callers of a route or service.`, [
      "consumer",
    ]),
  ];
}

/** Kong's schemas refuse them too. */
const beforeConsumers: ReadonlySet<string> = new Set(["acl", "cors", "key-auth"]);

/** The plugin's own rules. */
export function checkPluginConfig(config: JsonObject, check: PluginCheck, context: CheckContext): readonly Finding[] {
  return check(config, context).map(({ severity, code, message, fix, at }) => ({
    severity,
    code: code as DiagnosticCode,
    message,
    ...(fix === undefined ? {} : { fix }),
    path: ["config", ...parsePath(at)],
  }));
}

/** vectordb.threshold decides what matches; its default is easily not what was meant. */
export function checkThreshold({ value }: Draft): readonly Finding[] {
  const config = isJsonObject(value["config"]) ? value["config"] : {};
  const vectordb = config["vectordb"];
  if (!isJsonObject(vectordb) || (vectordb["threshold"] ?? null) !== null) return [];
  const message = "config.vectordb has no threshold: 0.2 is used, which matches only prompts very near a description.";
  return [
    warning(
      "threshold-missing",
      message,
      ["config", "vectordb", "threshold"],
      "Write a threshold; 0.5 to 0.8 is usual. `gw tune` finds one.",
    ),
  ];
}
