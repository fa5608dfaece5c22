// Routing quality on the labelled prompts of fixtures/prompts/dev.jsonl, with the user's two descriptions, CATCHALL and threshold 0.8. Prints one
// JSON object. Bundled by parts/routing.js, as dist/ is.
//
//   node routing.js FOLDER
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { localEmbedder } from "../../src/embeddings/embedders/local/local.ts";
import type { TunableTarget, TuningView } from "../../src/plugins/tuning.ts";
import { fits, type LabelledText } from "../../src/routing/fitting.ts";
import { splitInFolds } from "../../src/routing/folds.ts";
import { type LabelledPrompt, parsePrompts } from "../../src/routing/labelled-prompts.ts";
import { accuracyOf, macroF1, scoreClasses } from "../../src/routing/scores.ts";
import { type Choose, choiceOf, textsOf, type Variant } from "../../src/routing/variant.ts";

const descriptions = [
  "programming, coding, software development, Python, JavaScript, APIs, debugging",
  "mathematics, algebra, calculus, trigonometry, equations, integrals, derivatives, theorems",
  "CATCHALL",
];
/** Written before the prompts were looked at. */
const examples = [
  [
    "How do I read a file line by line in Python?",
    "Fix this JavaScript error: undefined is not a function",
    "Write a SQL query that joins two tables",
    "Explain what this code does",
  ],
  [
    "What is the derivative of x squared?",
    "Solve the equation 2x + 3 = 7",
    "Prove that the square root of 2 is irrational",
    "What is the probability of rolling two sixes?",
  ],
  [],
];
const labels = ["programming", "mathematics", "other"];
const [folder = ""] = process.argv.slice(2);
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
/** By finer label, the description of a target. */
const topics = new Map(Object.entries(JSON.parse(read("topics.json")) as Readonly<Record<string, string>>));

const embedder = await localEmbedder.create(
  { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 },
  { upstream: refuse(), notify: () => {} },
);
const labelled = (name: string): readonly LabelledPrompt[] =>
  parsePrompts(read(name), new Map(labels.map((label) => [label, label])), { file: name, mustExpect: true });
const rows = labelled("dev.jsonl");
/** The user's six prompts in other words: only reported, nothing is chosen by them. */
const others = labelled("variants.jsonl");
const literal = variant("literal", false);
const contrast = variant("contrast", false);
const withExamples = variant("contrast", true);
const many: Variant = {
  rule: "contrast",
  // Without a CATCHALL the best of all is wanted: no threshold stands in its way.
  targets: [...topics].map(([topic, description], index) => ({
    ...targetOf(index, topic, description),
    threshold: 2,
  })),
  head: undefined,
};
const { vectors, milliseconds } = await embedAll();
const prompts = rows.map(
  ({ prompt, expect = "" }): LabelledText => ({
    text: prompt,
    vector: vectorOf(prompt),
    expect: labels.indexOf(expect),
  }),
);
const view: TuningView = {
  ...contrast,
  metric: "cosine",
  embedding: "local/universal-sentence-encoder-lite",
  textOf: () => undefined,
  embed: async () => [],
};

process.stdout.write(
  JSON.stringify({
    embed: milliseconds,
    rules: {
      literal: whole(literal),
      contrast: whole(contrast),
      "contrast, 4 examples": whole(withExamples),
      "tuned, 16 labels a class": fitted(16),
      "tuned, 64 labels a class": fitted(64),
      "tuned, all labels": fitted(Infinity),
      "12 described targets": amongTopics(),
    },
    variants: { literal: inOtherWords(literal), contrast: inOtherWords(contrast) },
  }),
);
await embedder.close();

function variant(rule: TuningView["rule"], hasExamples: boolean): Variant {
  const targets = descriptions.map((description, index) =>
    targetOf(index, labels[index] ?? "", description, hasExamples ? examples[index] : []),
  );
  return { rule, targets, head: undefined };
}

function targetOf(index: number, model: string, description: string, own: readonly string[] = []): TunableTarget {
  const isCatchall = description === "CATCHALL";
  return { index, provider: "bench", model, description, isCatchall, threshold: 0.8, examples: own, prices: undefined };
}

async function embedAll(): Promise<{ vectors: ReadonlyMap<string, Float32Array>; milliseconds: number[] }> {
  const found = new Map<string, Float32Array>();
  const times: number[] = [];
  const signal = new AbortController().signal;
  const prompts = [...rows, ...others].map(({ prompt }) => prompt);
  for (const text of [...textsOf(withExamples), ...textsOf(many), ...prompts]) {
    const startedAt = performance.now();
    const [vector] = await embedder.embed([text], { signal });
    times.push(performance.now() - startedAt);
    found.set(text, vector ?? new Float32Array());
  }
  return { vectors: found, milliseconds: times };
}

function vectorOf(text: string): Float32Array {
  return vectors.get(text) ?? new Float32Array();
}

function whole(settings: Variant): object {
  const choose = choiceOf(settings, "cosine", vectorOf);
  return judge(prompts.map(() => choose));
}

/** Twelve targets and no CATCHALL, on the prompts that have one of their labels. */
function amongTopics(): object {
  const names = [...topics.keys()];
  const choose = choiceOf(many, "cosine", vectorOf);
  const fine = read("dev.jsonl")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly prompt: string; readonly fine: string | null })
    .filter(({ fine: topic }) => topic !== null && topics.has(topic));
  const outcomes = fine.map(({ prompt, fine: topic }) => {
    const got = choose({ text: prompt, vector: vectorOf(prompt) });
    return { expect: topic ?? "", got: names[got ?? -1] ?? "none" };
  });
  return { accuracy: accuracyOf(outcomes), macroF1: macroF1(scoreClasses(outcomes, names)), leak: null, decide: [] };
}

/** By kind, how many of the six are right. */
function inOtherWords(settings: Variant): Readonly<Record<string, number>> {
  const choose = choiceOf(settings, "cosine", vectorOf);
  const right: Record<string, number> = {};
  for (const { prompt, expect, source = "" } of others) {
    const got = labels[choose({ text: prompt, vector: vectorOf(prompt) }) ?? -1];
    right[source] = (right[source] ?? 0) + (got === expect ? 1 : 0);
  }
  return right;
}

/** Every source by what was fitted to the others. */
function fitted(mostPerClass: number): object {
  const chooses: Choose[] = [];
  for (const fold of splitInFolds(rows)) {
    const rest = prompts.filter((_, position) => !fold.includes(position));
    const few = labels.flatMap((_, label) =>
      spread(
        rest.filter(({ expect }) => expect === label),
        mostPerClass,
      ),
    );
    const choose = choiceOf(fits.head({ untuned: contrast, view, vectorOf }, few), "cosine", vectorOf);
    for (const position of fold) chooses[position] = choose;
  }
  return judge(chooses);
}

/** At most so many, at equal steps. */
function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, step) => list[Math.floor((step * list.length) / most)] as T);
}

function judge(chooses: readonly Choose[]): object {
  const times: number[] = [];
  const outcomes = prompts.map((prompt, position) => {
    const startedAt = performance.now();
    const got = chooses[position]?.(prompt);
    times.push(1000 * (performance.now() - startedAt));
    return { expect: labels[prompt.expect] ?? "", got: labels[got ?? -1] ?? "none" };
  });
  const unspecial = outcomes.filter(({ expect }) => expect === "other");
  return {
    accuracy: accuracyOf(outcomes),
    macroF1: macroF1(scoreClasses(outcomes, labels)),
    leak: unspecial.filter(({ got }) => got !== "other").length / unspecial.length,
    decide: times,
  };
}

/** The local model needs no network. */
function refuse(): Parameters<typeof localEmbedder.create>[1]["upstream"] {
  const never = (): never => {
    throw new Error("The local model asked for the network.");
  };
  return { send: never, collect: never, reach: never, close: async () => {} };
}
