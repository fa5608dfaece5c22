import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { featureCount, featuresOf } from "../../../../src/balancer/head/features.ts";
import { fitWeights, type Sample } from "../../../../src/balancer/head/fit.ts";
import { type Head, headProblem, headRule } from "../../../../src/balancer/head/head.ts";
import { readWeights, writeWeights } from "../../../../src/balancer/head/weights.ts";
import type { ScoringRule } from "../../../../src/balancer/scoring.ts";

describe("weights", () => {
  it("are read as they were written, but for half a step", () => {
    const weights = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(weights, (list) => {
        const step = Math.max(...list.map(Math.abs)) / 127;
        const read = readWeights(writeWeights(list)) ?? [];
        expect(read).toHaveLength(list.length);
        for (const [index, weight] of list.entries())
          expect(Math.abs((read[index] ?? 0) - weight)).toBeLessThanOrEqual(0.51 * step + 1e-6);
      }),
    );
  });

  it.each(["", "AAAA", "////////"])("are none in %j", (text) => {
    expect(readWeights(text)).toBeUndefined();
  });
});

describe("fitting", () => {
  const sample = (label: number, features: readonly number[], prior = [0, 0]): Sample => ({
    label,
    prior,
    features: Float32Array.from(features),
  });
  const pick = (weights: readonly Float32Array[], features: readonly number[]): number => {
    const sums = weights.map((each) => each.reduce((sum, weight, at) => sum + weight * (features[at] ?? 0), 0));
    return sums.indexOf(Math.max(...sums));
  };

  it("tells apart what differs, and gives equal weights for equal samples", () => {
    const samples = [sample(0, [1, 0, 1]), sample(0, [0.9, 0.1, 1]), sample(1, [0, 1, 1])];
    const weights = fitWeights(samples, 2);
    expect([pick(weights, [1, 0.2, 1]), pick(weights, [0.2, 1, 1])]).toEqual([0, 1]);
    expect(fitWeights(samples, 2)).toEqual(weights);
  });

  it("learns next to nothing where the priors are right already", () => {
    const size = (weights: readonly Float32Array[]): number => Math.hypot(...weights.flatMap((each) => [...each]));
    const plain = fitWeights([sample(0, [1, 0, 1]), sample(1, [0, 1, 1])], 2);
    const told = fitWeights([sample(0, [1, 0, 1], [20, 0]), sample(1, [0, 1, 1], [0, 20])], 2);
    expect(size(told)).toBeLessThan(size(plain) / 100);
  });
});

describe("a head", () => {
  const targets = [
    { index: 0, description: "code" },
    { index: 1, description: "maths" },
  ];
  const contrast: ScoringRule = {
    texts: ["code"],
    compile: () => () => ({
      standings: [{ score: 0.18, least: 0.08, parts: [] }, undefined],
      isVague: true,
    }),
  };
  const prompt = { text: "", vector: Float32Array.from([1, 0]) };
  const at = featuresOf(prompt);
  const head = (code: number, catchall: number): Head => ({
    embedding: "local/model",
    classes: [
      { description: "code", weights: writeWeights(at.map((_, index) => (index === 0 ? code : 0))) },
      { description: "maths", weights: writeWeights(at.map(() => 0)) },
      {
        description: "CATCHALL",
        weights: writeWeights(at.map((_, index) => (index === at.length - 1 ? catchall : 0))),
      },
    ],
  });
  const judge = (given: Head) => headRule(contrast, given, targets).compile(() => prompt.vector)(prompt, []);

  it("adds what it learned to contrast's lead, and asks for what CATCHALL has", () => {
    const { standings, isVague } = judge(head(0.5, 2));
    expect(standings[0]?.score).toBeCloseTo(1 + 0.5 * (at[0] ?? 0), 1);
    expect(standings[0]?.least).toBeCloseTo(2);
    expect(standings[0]?.parts.map(({ name }) => name)).toEqual(["contrast", "learned"]);
    expect([standings[1], isVague]).toEqual([undefined, false]);
  });

  it("leaves a text vague that it sends to CATCHALL", () => {
    expect(judge(head(-5, 2)).isVague).toBe(true);
  });

  it("says why it does not fit", () => {
    const given = { embedding: "local/model", dimensions: 2, descriptions: ["code", "maths", "CATCHALL"] };
    const problem = (fields: Partial<typeof given>): string | undefined =>
      headProblem(head(1, 1), { ...given, ...fields });
    expect(problem({})).toBeUndefined();
    expect(problem({ descriptions: ["tea"] })).toBe('it was fitted before a target had the description "tea"');
    expect(problem({ embedding: "openai/x" })).toBe("it was fitted to local/model");
    expect(problem({ dimensions: 3 })).toBe(
      `its weights are not the ${featureCount(3)} numbers that 3 dimensions need`,
    );
  });
});
