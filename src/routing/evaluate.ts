import { GwError } from "../core/errors.ts";
import type { Runtime } from "../gateway/runtime.ts";
import type { Choice, ExplainedCandidate } from "../plugins/explanation.ts";
import { choose, type Question } from "./explain.ts";
import type { LabelledPrompt } from "./labelled-prompts.ts";
import { accuracyOf, type ClassScore, type Confusion, confusionOf, macroF1, scoreClasses } from "./scores.ts";
import { nameTargets, targetsMeant } from "./target-names.ts";

/** Where prompts are sent: as in a Question, without the messages. */
export type Destination = Omit<Question, "messages">;

/** One prompt and its decision. */
export interface Decided {
  readonly row: LabelledPrompt;
  /** undefined when no target may be tried. */
  readonly choice: Choice | undefined;
}

/** The document of `gw eval --json`. */
export interface Evaluation {
  readonly schema_version: 1;
  readonly n: number;
  readonly accuracy: number;
  readonly macro_f1: number;
  /** Share of the prompts of CATCHALL that went elsewhere; null when there are none. */
  readonly catchall_leak: number | null;
  /** Prompts for which no target could be chosen: a client would get 503. */
  readonly unrouted: number;
  readonly per_target: readonly ClassScore[];
  readonly confusion: Confusion;
  readonly by_source: readonly { readonly source: string; readonly n: number; readonly accuracy: number }[];
  /** Every wrong decision, the most confident first. */
  readonly misses: readonly Miss[];
  readonly ms: { readonly p50: number; readonly p95: number };
  readonly warnings: readonly string[];
}

export interface Prediction {
  readonly id: string;
  readonly prompt: string;
  readonly source: string | undefined;
  readonly expect: string;
  readonly got: string;
  /** Of the target chosen; null for none. */
  readonly index: number | null;
  readonly reason: string;
  /** By target name; null for CATCHALL. */
  readonly distances: Readonly<Record<string, number | null>>;
}

export type Miss = Pick<Prediction, "id" | "prompt" | "expect" | "got" | "distances">;

/** The class of prompts for which no target could be chosen. */
export const NO_TARGET = "none";

/**
 * Decides every prompt as `gw serve` would, one after the other. Throws what `choose` throws, but takes a prompt without any target for a
 * decision; throws GW_EMBEDDING_FAILED when a prompt cannot be compared, because the rest of the figures would mean nothing.
 */
export async function decidePrompts(
  runtime: Runtime,
  rows: readonly LabelledPrompt[],
  { destination, signal }: { readonly destination: Destination; readonly signal: AbortSignal },
): Promise<readonly Decided[]> {
  const decided: Decided[] = [];
  for (const row of rows) {
    signal.throwIfAborted();
    decided.push({ row, choice: await decideOne(runtime, { ...destination, messages: row.messages }, signal) });
  }
  return decided;
}

/** Compares decisions with what the prompts expect. Throws UsageError when one expects a target that does not exist. */
export function judge(decided: readonly Decided[]): readonly Prediction[] {
  const targets = targetsOf(decided);
  if (targets.length === 0) {
    const message =
      "Not one of these prompts reached a target. Raise the threshold, or add a target with the description CATCHALL.";
    throw new GwError("GW_NO_TARGET", message);
  }
  const names = nameTargets(targets);
  return decided.map(({ row, choice }) => {
    const meant = targetsMeant(row.expect ?? "", targets);
    const index = choice?.selected.index ?? null;
    const got = index === null ? NO_TARGET : (names.get(index) ?? NO_TARGET);
    const isRight = index !== null && meant.includes(index);
    return {
      id: row.id,
      prompt: row.prompt,
      source: row.source,
      // Of several targets that would do, the one that was chosen.
      expect: isRight ? got : (names.get(meant[0] ?? -1) ?? NO_TARGET),
      got,
      index,
      reason: choice?.selected.reason ?? "no_target",
      distances: Object.fromEntries(
        (choice?.candidates ?? []).map((target) => [names.get(target.index) ?? "", target.distance]),
      ),
    };
  });
}

/** The report of `gw eval`. */
export function evaluate(
  decided: readonly Decided[],
  predictions: readonly Prediction[],
  warnings: readonly string[],
): Evaluation {
  const targets = targetsOf(decided);
  const names = nameTargets(targets);
  const classes = targets.map(({ index }) => names.get(index) ?? "");
  const scores = scoreClasses(predictions, classes);
  const catchalls = new Set(targets.filter(isCatchall).map(({ index }) => names.get(index)));
  const forCatchall = predictions.filter(({ expect }) => catchalls.has(expect));
  const leaked = forCatchall.filter(({ got }) => !catchalls.has(got)).length;
  return {
    schema_version: 1,
    n: predictions.length,
    accuracy: accuracyOf(predictions),
    macro_f1: macroF1(scores),
    catchall_leak: forCatchall.length === 0 ? null : leaked / forCatchall.length,
    unrouted: predictions.filter(({ index }) => index === null).length,
    per_target: scores,
    confusion: confusionOf(predictions, classes),
    by_source: bySource(predictions),
    misses: missesOf(predictions),
    ms: quantiles(decided.flatMap(({ choice }) => choice?.embedding?.ms ?? [])),
    warnings,
  };
}

async function decideOne(runtime: Runtime, question: Question, signal: AbortSignal): Promise<Choice | undefined> {
  let choice: Choice;
  try {
    choice = await choose(runtime, question, signal);
  } catch (error) {
    if (error instanceof GwError && error.code === "GW_NO_TARGET") return undefined;
    throw error;
  }
  if (choice.selected.reason === "embedding_unavailable") {
    const message =
      "A prompt could not be compared with the targets, so nothing can be said of the routing. Run `gw ping`.";
    throw new GwError("GW_EMBEDDING_FAILED", message);
  }
  return choice;
}

/** Every decision lists the same targets. */
function targetsOf(decided: readonly Decided[]): readonly ExplainedCandidate[] {
  return decided.find(({ choice }) => choice !== undefined)?.choice?.candidates ?? [];
}

function isCatchall({ description }: ExplainedCandidate): boolean {
  return description === "CATCHALL";
}

function bySource(predictions: readonly Prediction[]): Evaluation["by_source"] {
  const sources = [...new Set(predictions.flatMap(({ source }) => source ?? []))].sort();
  return sources.map((source) => {
    const own = predictions.filter((prediction) => prediction.source === source);
    return { source, n: own.length, accuracy: accuracyOf(own) };
  });
}

function missesOf(predictions: readonly Prediction[]): readonly Miss[] {
  const wrong = predictions.filter(({ expect, got }) => expect !== got);
  wrong.sort((a, b) => confidence(b) - confidence(a));
  return wrong.map(({ id, prompt, expect, got, distances }) => ({ id, prompt, expect, got, distances }));
}

/** How much nearer the text lies to what it got than to what it should have got; CATCHALL stands at the distance 1 of unrelated texts. */
function confidence({ expect, got, distances }: Prediction): number {
  return (distances[expect] ?? 1) - (distances[got] ?? 1);
}

function quantiles(values: readonly number[]): Evaluation["ms"] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
