import { UsageError } from "../core/errors.ts";
import type { TuningView } from "../plugins/tuning.ts";
import { fits, type LabelledText } from "./fitting.ts";
import { isSplitBySource, splitInFolds } from "./folds.ts";
import type { LabelledPrompt } from "./labelled-prompts.ts";
import { accuracyOf, macroF1, type Outcome, scoreClasses } from "./scores.ts";
import { nameTargets, targetsMeant } from "./target-names.ts";
import { choiceOf, textsOf, type Variant, type VectorOf } from "./variant.ts";

export type Method = keyof typeof fits;

export interface MethodScore {
  readonly method: Method | "untuned";
  /** On prompts that were not fitted. */
  readonly accuracy: number;
  readonly macro_f1: number;
  /** Share of CATCHALL's prompts that went elsewhere; null when there are none. */
  readonly catchall_leak: number | null;
  readonly by_source: readonly { readonly source: string; readonly n: number; readonly accuracy: number }[];
}

/** The document of `gw tune --json`. */
export interface Tuning {
  readonly schema_version: 1;
  readonly n: number;
  /** Whether a source was never in both parts. */
  readonly split_by_source: boolean;
  readonly scores: readonly MethodScore[];
  /** `untuned` when nothing is better by enough. */
  readonly chosen: MethodScore["method"];
  /** Fields of the plugin's `config`; null when nothing is to be changed. */
  readonly change: TuningChange | null;
}

export interface TuningChange {
  readonly gw: { readonly rule?: "contrast"; readonly head?: Variant["head"] };
  readonly targets: readonly {
    readonly index: number;
    readonly gw: { readonly threshold?: number; readonly examples?: readonly string[] };
  }[];
}

const LEAST_LABELS = 8;
/** A gain below this is what another sample of prompts would undo. */
const LEAST_GAIN = 0.01;
const BATCH = 64;

/**
 * Fits thresholds, examples and a head, each to some of the sources and measured on the others in turn, and refits the best to all of them.
 * Throws UsageError with fewer than eight prompts for a target that is expected, or when only one is.
 */
export async function tune(
  view: TuningView,
  rows: readonly LabelledPrompt[],
  { methods, signal }: { readonly methods: readonly Method[]; readonly signal: AbortSignal },
): Promise<Tuning> {
  const untuned: Variant = { rule: view.rule, targets: view.targets, head: view.head };
  const expects = rows.map(({ expect = "" }) => targetsMeant(expect, view.targets)[0] ?? 0);
  checkLabels(view, expects);
  const { texts, vectorOf } = await embedAll(view, untuned, rows, signal);
  const labelled = expects.map((expect, position): LabelledText => {
    const text = texts[position] ?? "";
    return { text, vector: vectorOf(text), expect };
  });
  const folds = splitInFolds(rows);
  const context = { untuned, view, vectorOf };
  const measure = (method: Method | "untuned"): MethodScore => {
    const gots = labelled.map((): number | undefined => undefined);
    for (const fold of folds) {
      signal.throwIfAborted();
      const others = labelled.filter((_, position) => !fold.includes(position));
      const choose = choiceOf(method === "untuned" ? untuned : fits[method](context, others), view.metric, vectorOf);
      for (const position of fold)
        gots[position] = choose(labelled[position] ?? { text: "", vector: new Float32Array() });
    }
    return { method, ...scoreOf(view, rows, expects, gots) };
  };
  const scores = [measure("untuned"), ...methods.map(measure)];
  const chosen = bestOf(scores);
  return {
    schema_version: 1,
    n: rows.length,
    split_by_source: isSplitBySource(rows),
    scores,
    chosen,
    change: chosen === "untuned" ? null : changeOf(untuned, fits[chosen](context, labelled)),
  };
}

function checkLabels(view: TuningView, expects: readonly number[]): void {
  const names = nameTargets(view.targets);
  const counts = new Map<number, number>();
  for (const index of expects) counts.set(index, (counts.get(index) ?? 0) + 1);
  for (const [index, count] of counts) {
    if (count < LEAST_LABELS)
      throw new UsageError(
        `Only ${count} prompts expect ${names.get(index)}: at least ${LEAST_LABELS} for each target are needed to fit anything.`,
      );
  }
  if (counts.size < 2) throw new UsageError("All prompts expect one target: there is nothing to tell apart.");
}

async function embedAll(
  view: TuningView,
  untuned: Variant,
  rows: readonly LabelledPrompt[],
  signal: AbortSignal,
): Promise<{ readonly texts: readonly string[]; readonly vectorOf: VectorOf }> {
  const texts = rows.map(({ messages }) => view.textOf(messages) ?? "");
  const all = [...new Set([...texts, ...textsOf({ ...untuned, rule: "contrast" })])];
  const vectors = new Map<string, Float32Array>();
  for (let start = 0; start < all.length; start += BATCH) {
    const batch = all.slice(start, start + BATCH);
    const found = await view.embed(batch, { signal });
    for (const [position, text] of batch.entries()) vectors.set(text, found[position] ?? new Float32Array());
  }
  return { texts, vectorOf: (text) => vectors.get(text) ?? new Float32Array() };
}

function scoreOf(
  view: TuningView,
  rows: readonly LabelledPrompt[],
  expects: readonly number[],
  gots: readonly (number | undefined)[],
): Omit<MethodScore, "method"> {
  const names = nameTargets(view.targets);
  const outcomes = expects.map((expect, position): Outcome => {
    const got = gots[position];
    return { expect: names.get(expect) ?? "", got: got === undefined ? "none" : (names.get(got) ?? "") };
  });
  const catchalls = new Set(
    view.targets.filter(({ isCatchall }) => isCatchall).map(({ index }) => names.get(index) ?? ""),
  );
  const forCatchall = outcomes.filter(({ expect }) => catchalls.has(expect));
  const sources = [...new Set(rows.flatMap(({ source }) => source ?? []))].sort();
  return {
    accuracy: accuracyOf(outcomes),
    macro_f1: macroF1(scoreClasses(outcomes, [...names.values()])),
    catchall_leak:
      forCatchall.length === 0
        ? null
        : forCatchall.filter(({ got }) => !catchalls.has(got)).length / forCatchall.length,
    by_source: sources.map((source) => {
      const own = outcomes.filter((_, position) => rows[position]?.source === source);
      return { source, n: own.length, accuracy: accuracyOf(own) };
    }),
  };
}

function bestOf([untuned, ...others]: readonly MethodScore[]): MethodScore["method"] {
  const best = others.reduce<MethodScore | undefined>(
    (most, score) => (most === undefined || score.macro_f1 > most.macro_f1 ? score : most),
    undefined,
  );
  if (best === undefined || untuned === undefined) return "untuned";
  return best.macro_f1 - untuned.macro_f1 >= LEAST_GAIN ? best.method : "untuned";
}

function changeOf(before: Variant, after: Variant): TuningChange {
  const targets = after.targets.flatMap(({ index, threshold, examples }, position) => {
    const old = before.targets[position];
    const gw = {
      ...(threshold !== old?.threshold && { threshold }),
      ...(examples.length !== old?.examples.length && { examples }),
    };
    return Object.keys(gw).length === 0 ? [] : [{ index, gw }];
  });
  const gw = {
    ...(after.rule !== before.rule && { rule: "contrast" as const }),
    ...(after.head !== before.head && { head: after.head }),
  };
  return { gw, targets };
}
