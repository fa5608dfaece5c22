import { resolveEnvironment } from "../config/resolve-environment.ts";
import type { GatewayConfig } from "../config/types.ts";
import { type Impact, impactOf } from "../routing/impact.ts";
import { applySteps } from "../state/plan.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { textOf } from "./option-values.ts";
import type { Planned } from "./planning.ts";
import { mapOption, readPrompts } from "./prompts-file.ts";
import { connectToOption } from "./serving-source.ts";
import { destinationOf, withRuntimeOf } from "./with-runtime.ts";

export const impactOptions: readonly Option[] = [
  { flags: "--prompts <file>", summary: "also show which of these prompts would change target, and what that costs" },
  { flags: "--route <name>", summary: "the route that --prompts asks, by name or id" },
  mapOption,
  connectToOption,
];

/** What `--prompts` asks for; undefined without it. Throws UsageError for a file of prompts that cannot be used. */
export async function promptImpact(
  { current, plan }: Pick<Planned, "current" | "plan">,
  options: OptionValues,
  terminal: Terminal,
): Promise<Impact | undefined> {
  const file = textOf(options, "prompts");
  if (file === undefined) return undefined;
  const rows = await readPrompts(file, options, terminal, false);
  const serving = (config: GatewayConfig, unavailablePlugins: readonly string[]) => ({
    serial: undefined,
    config: resolveEnvironment(config, terminal.environment),
    unavailablePlugins,
  });
  const next = serving(applySteps(plan.steps, current.config), plan.unavailablePlugins);
  const asked = { destination: destinationOf(options), signal: terminal.signal };
  return await withRuntimeOf(next, options, terminal, async (after) => {
    if (current.serial === 0) return await impactOf(undefined, after, rows, asked);
    const stored = serving(current.config, current.unavailablePlugins);
    return await withRuntimeOf(stored, options, terminal, async (before) => await impactOf(before, after, rows, asked));
  });
}
