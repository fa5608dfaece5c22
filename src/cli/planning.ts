import type { Stored } from "../config/load.ts";
import { sensitivePointers } from "../config/sensitive.ts";
import { type MaskedStep, maskSteps } from "../state/mask.ts";
import { type Plan, planApply, planSync } from "../state/plan.ts";
import type { Snapshot, StateStore } from "../state/store.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { inputOptions, loadInput } from "./config-input.ts";
import { isSet, textOf } from "./option-values.ts";
import { withStore } from "./open-store.ts";
import { selectTagOption, selectTags } from "./select-tags.ts";
import { skipOptions, skipsOf } from "./skips.ts";
import { diagnosticLine, diagnosticsText } from "./views/diagnostics.ts";
import { failureLines } from "./views/failure.ts";
import { jsonText, planReport } from "./views/report.ts";

/** The flags of every command that shows a plan. */
export const planOptions: readonly Option[] = [
  { flags: "--json, --json-output", summary: "print one JSON document" },
  {
    flags: "--body <layout>",
    summary: "of an update: classic is decK's whole object, compact the changed paths (default on a terminal)",
    choices: ["classic", "compact"],
  },
  { flags: "--silence-events", summary: "print the summary only (JSON stays complete)" },
  {
    flags: "--no-mask-deck-env-vars-value",
    summary: "show values that came from the environment (fields that hold secrets stay masked)",
  },
];

/** The flags that `diff` and `sync` share. */
export const planningOptions: readonly Option[] = [...inputOptions, selectTagOption, ...skipOptions, ...planOptions];

/** What is to happen, and what led to it. */
export interface Proposal {
  readonly plan: Plan;
  /** For the history. */
  readonly files: readonly string[];
  /** One line each. */
  readonly warnings: readonly string[];
  readonly selectTags?: readonly string[];
}

export interface Planned extends Proposal {
  readonly store: StateStore;
  readonly current: Snapshot;
  readonly steps: readonly MaskedStep[];
}

export type Propose = (current: Snapshot, store: StateStore) => Promise<Proposal>;

/**
 * Reads the store, plans, and hands all of it to `work`, whose exit code it returns. With --json-output a failure becomes a document
 * with `errors`, and is thrown on.
 */
export async function withPlan(
  options: OptionValues,
  terminal: Terminal,
  propose: Propose,
  work: (planned: Planned) => Promise<number>,
): Promise<number> {
  try {
    return await withStore(options, terminal, async (store) => {
      const current = await store.read();
      const proposal = await propose(current, store);
      const maskOrigins = options["maskDeckEnvVarsValue"] !== false;
      const steps = maskSteps(proposal.plan, sensitivePointers, { maskOrigins });
      return await work({ ...proposal, store, current, steps });
    });
  } catch (error) {
    if (isSet(options, "jsonOutput")) terminal.out(jsonText(planReport({ errors: failureLines(error) })));
    throw error;
  }
}

export function isCompact(options: OptionValues, terminal: Terminal): boolean {
  return (textOf(options, "body") ?? (terminal.isInteractive ? "compact" : "classic")) === "compact";
}

/** What `diff` and `sync` propose. Warnings of the files go to stderr, unless the JSON document takes them. */
export function proposeSync(args: readonly string[], options: OptionValues, terminal: Terminal): Propose {
  return async (current) => {
    const loaded = await loadShown(args, options, terminal, { use: "ids", read: async () => current.config });
    const tags = selectTags(options, loaded.selectTags);
    const plan = planSync(current, loaded, tags, skipsOf(options));
    return { plan, files: loaded.files, warnings: loaded.diagnostics.map(diagnosticLine), selectTags: tags };
  };
}

/** What `apply` proposes: nothing is deleted, and the files may refer to all that is stored. */
export function proposeApply(args: readonly string[], options: OptionValues, terminal: Terminal): Propose {
  return async (current) => {
    const loaded = await loadShown(args, options, terminal, { use: "references", read: async () => current.config });
    return {
      plan: planApply(current, loaded),
      files: loaded.files,
      warnings: loaded.diagnostics.map(diagnosticLine),
    };
  };
}

async function loadShown(args: readonly string[], options: OptionValues, terminal: Terminal, stored: Stored) {
  const loaded = await loadInput(args, options, terminal, stored);
  if (!isSet(options, "jsonOutput")) terminal.err(diagnosticsText(loaded.diagnostics, new Map(), terminal.colour));
  return loaded;
}
