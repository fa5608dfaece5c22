import { describe, expect, it } from "vitest";
import type { TunableTarget, TuningView } from "../../../src/plugins/tuning.ts";
import type { LabelledPrompt } from "../../../src/routing/labelled-prompts.ts";
import { tune } from "../../../src/routing/tune.ts";

/** A number after the word says how far the text is from the word's axis; `-` turns it towards maths. */
function embed(text: string): Float32Array {
  const [word, angle = "0"] = text.split(" ");
  const axis = ["code", "maths"].indexOf(word ?? "");
  const turn = (Number(angle) * Math.PI) / 180;
  const vector = new Float32Array(4);
  vector[axis < 0 ? 2 : axis] = Math.cos(turn);
  vector[3] = Math.sin(turn);
  return vector;
}

function view(threshold: number): TuningView {
  const target = (index: number, description: string): TunableTarget => ({
    index,
    provider: "openai",
    model: description,
    description,
    isCatchall: description === "CATCHALL",
    threshold,
    examples: [],
    prices: undefined,
  });
  return {
    targets: [target(0, "code"), target(1, "maths"), target(2, "CATCHALL")],
    rule: "literal",
    head: undefined,
    metric: "cosine",
    embedding: "fake/axes",
    textOf: ([message]) => message?.["content"] as string,
    embed: async (texts) => texts.map(embed),
  };
}

function rows(perTarget: number): readonly LabelledPrompt[] {
  return ["code", "maths", "CATCHALL"].flatMap((expectation) =>
    Array.from({ length: perTarget }, (_, number): LabelledPrompt => {
      const prompt = `${expectation === "CATCHALL" ? "tea" : expectation} ${10 + 3 * number}`;
      const messages = [{ role: "user", content: prompt }];
      return { id: prompt, prompt, messages, expect: expectation, label: undefined, source: `source ${number % 4}` };
    }),
  );
}

const options = { methods: ["thresholds"], signal: new AbortController().signal } as const;

describe("gw tune", () => {
  it("widens thresholds that are too narrow, and reports on sources that were not fitted", async () => {
    const tuning = await tune(view(0.05), rows(12), options);
    const [untuned, thresholds] = tuning.scores;
    expect(untuned?.accuracy).toBeLessThan(0.8);
    expect(thresholds?.accuracy).toBeGreaterThan(0.9);
    expect(thresholds?.by_source.map(({ source, n }) => [source, n])).toEqual(
      [0, 1, 2, 3].map((number) => [`source ${number}`, 9]),
    );
    expect(tuning).toMatchObject({ n: 36, split_by_source: true, chosen: "thresholds" });
    expect(tuning.change?.targets.map(({ index }) => index)).toEqual([0, 1]);
  });

  it("keeps what does as well as anything fitted", async () => {
    const tuning = await tune(view(0.5), rows(12), { ...options, methods: ["thresholds", "examples", "head"] });
    expect(tuning).toMatchObject({ chosen: "untuned", change: null });
    expect(tuning.scores).toHaveLength(4);
  });

  it("refuses fewer than eight prompts a target", async () => {
    await expect(tune(view(0.5), rows(7), options)).rejects.toThrow("Only 7 prompts expect code: at least 8");
  });

  it("refuses prompts that all expect one target", async () => {
    const one = rows(9).filter((each) => each.expect === "code");
    await expect(tune(view(0.5), one, options)).rejects.toThrow("nothing to tell apart");
  });

  it("stops when it is told to", async () => {
    await expect(
      tune(view(0.5), rows(12), { ...options, signal: AbortSignal.abort(new Error("stop")) }),
    ).rejects.toThrow("stop");
  });
});
