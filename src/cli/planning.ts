import { sensitivePointers } from "../config/sensitive.ts";
import type { LoadedConfig } from "../config/types.ts";
import { type MaskedStep, maskSteps } from "../state/mask.ts";
import { openStore } from "../state/open.ts";
import { type Plan, planSync } from "../state/plan.ts";
import type { Snapshot, StateStore } from "../state/store.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { inputOptions, loadInput } from "./config-input.ts";
import { textOf } from "./option-values.ts";
import { selectTagOption, selectTags } from "./select-tags.ts";
import { diagnosticLine, diagnosticsText } from "./views/diagnostics.ts";
import { failureLines } from "./views/failure.ts";
import { jsonText, planReport } from "./views/report.ts";

/** The flags that `diff` and `sync` share. */
export const planningOptions: readonly Option[] = [
  ...inputOptions,
  selectTagOption,
  { flags: "--json, --json-output", summary: "print one JSON document" },
  { flags: "--silence-events", summary: "print the summary only (JSON stays complete)" },
  {
    flags: "--no-mask-deck-env-vars-value",
    summary: "show values that came from the environment (fields that hold secrets stay masked)",
  },
];

/** The files, the store, and what lies between them. */
export interface Planned {
  readonly loaded: LoadedConfig;
  readonly store: StateStore;
  readonly current: Snapshot;
  readonly plan: Plan;
  readonly steps: readonly MaskedStep[];
}

/**
 * Loads the files, reads the store, plans, and hands all of it to `work`, whose exit code it returns. Warnings of the files go to stderr,
 * or into the JSON document; a failure does too, as `errors`, and is thrown on.
 */
export async function withPlan(
  args: readonly string[],
  options: OptionValues,
  terminal: Terminal,
  work: (planned: Planned) => Promise<number>,
): Promise<number> {
  try {
    const loaded = await loadInput(args, options, terminal);
    if (options["jsonOutput"] !== true) terminal.err(diagnosticsText(loaded.diagnostics, new Map(), terminal.colour));
    return await withStore(options, terminal, async (store) => {
      const current = await store.read();
      const plan = planSync(current, loaded, selectTags(options, loaded.selectTags));
      const steps = maskSteps(plan, sensitivePointers, { maskOrigins: options["maskDeckEnvVarsValue"] !== false });
      return await work({ loaded, store, current, plan, steps });
    });
  } catch (error) {
    if (options["jsonOutput"] === true) terminal.out(jsonText(planReport({ errors: failureLines(error) })));
    throw error;
  }
}

/** Opens the store that `--store` names and closes it again. */
export async function withStore<T>(
  options: OptionValues,
  terminal: Terminal,
  work: (store: StateStore) => Promise<T>,
): Promise<T> {
  const store = await openStore(storeLocation(options), terminal.cwd);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** `--store`, else GW_STORE, else its default: cli/program.ts has read all three. */
export function storeLocation(options: OptionValues): string {
  return textOf(options, "store") ?? "";
}

export function warningLines(loaded: LoadedConfig): readonly string[] {
  return loaded.diagnostics.map(diagnosticLine);
}
