// Routing quality on the labelled prompts of fixtures/prompts/dev.jsonl, with the user's two descriptions, CATCHALL and threshold 0.8. Prints one
// JSON object. Bundled by parts/routing.js, as dist/ is.
//
//   node routing.js PROMPTS
import { readFileSync } from "node:fs";
import { localEmbedder } from "../../src/embeddings/embedders/local/local.ts";
import type { TunableTarget, TuningView } from "../../src/plugins/tuning.ts";
import { fits, type LabelledText } from "../../src/routing/fitting.ts";
import { splitInFolds } from "../../src/routing/folds.ts";
import { parsePrompts } from "../../src/routing/labelled-prompts.ts";
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
const [file = ""] = process.argv.slice(2);

const embedder = await localEmbedder.create(
  { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 },
  { upstream: refuse(), notify: () => {} },
);
const rows = parsePrompts(readFileSync(file, "utf8"), new Map(labels.map((label) => [label, label])), {
  file,
  mustExpect: true,
});
const literal = variant("literal", false);
const contrast = variant("contrast", false);
const withExamples = variant("contrast", true);
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
    },
  }),
);
await embedder.close();

function variant(rule: TuningView["rule"], hasExamples: boolean): Variant {
  const targets = descriptions.map(
    (description, index): TunableTarget => ({
      index,
      provider: "bench",
      model: labels[index] ?? null,
      description,
      isCatchall: description === "CATCHALL",
      threshold: 0.8,
      examples: hasExamples ? (examples[index] ?? []) : [],
      prices: undefined,
    }),
  );
  return { rule, targets, head: undefined };
}

async function embedAll(): Promise<{ vectors: ReadonlyMap<string, Float32Array>; milliseconds: number[] }> {
  const found = new Map<string, Float32Array>();
  const times: number[] = [];
  const signal = new AbortController().signal;
  for (const text of [...textsOf(withExamples), ...rows.map(({ prompt }) => prompt)]) {
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

/** Every source by what was fitted to the others. */
function fitted(mostPerClass: number): object {
  const chooses: Choose[] = [];
  for (const fold of splitInFolds(rows)) {
    const others = prompts.filter((_, position) => !fold.includes(position));
    const few = labels.flatMap((_, label) =>
      spread(
        others.filter(({ expect }) => expect === label),
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
  const others = outcomes.filter(({ expect }) => expect === "other");
  return {
    accuracy: accuracyOf(outcomes),
    macroF1: macroF1(scoreClasses(outcomes, labels)),
    leak: others.filter(({ got }) => got !== "other").length / others.length,
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
