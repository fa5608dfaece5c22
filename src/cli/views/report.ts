import type { JsonObject } from "../../core/json.ts";
import type { MaskedStep } from "../../state/mask.ts";

/** The JSON of `diff` and `sync`: decK's keys, and `serial` and `schema_version`. */
export interface Report {
  readonly schema_version: 1;
  /** Of the store: as it is for diff, as it became for sync; null when the store was not read. */
  readonly serial: number | null;
  readonly changes: {
    readonly creating: readonly ReportedChange[];
    readonly updating: readonly ReportedChange[];
    readonly deleting: readonly ReportedChange[];
  };
  readonly summary: {
    readonly creating: number;
    readonly updating: number;
    readonly deleting: number;
    readonly total: number;
  };
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

interface ReportedChange {
  readonly name: string;
  readonly kind: string;
  readonly body: { readonly new: JsonObject | null; readonly old: JsonObject | null };
}

export interface ReportFacts {
  readonly steps?: readonly MaskedStep[];
  readonly serial?: number;
  readonly warnings?: readonly string[];
  readonly errors?: readonly string[];
}

/** What decK prints, but a deletion has its body under `old`. */
export function planReport({ steps = [], serial, warnings = [], errors = [] }: ReportFacts): Report {
  const changes = {
    creating: changesOf(steps, "create"),
    updating: changesOf(steps, "update"),
    deleting: changesOf(steps, "delete"),
  };
  const summary = {
    creating: changes.creating.length,
    updating: changes.updating.length,
    deleting: changes.deleting.length,
    total: steps.length,
  };
  return { schema_version: 1, serial: serial ?? null, changes, summary, warnings, errors };
}

/** As decK writes it: indented by tabs. Ends with a newline; never coloured. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, "\t")}\n`;
}

function changesOf(steps: readonly MaskedStep[], action: "create" | "update" | "delete"): readonly ReportedChange[] {
  return steps
    .filter(({ step }) => step.action === action)
    .map(({ step, before, after }) => ({ name: step.label, kind: step.kind, body: { new: after, old: before } }));
}
