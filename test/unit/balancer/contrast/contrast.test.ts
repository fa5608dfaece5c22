import { describe, expect, it } from "vitest";
import { backgroundTopics } from "../../../../src/balancer/contrast/background.ts";
import { contrastRule, type ContrastTarget } from "../../../../src/balancer/contrast/contrast.ts";
import type { Standings, Verdict } from "../../../../src/balancer/scoring.ts";

const code: ContrastTarget = { index: 0, description: "code", examples: [], threshold: 0.8 };
const maths: ContrastTarget = { index: 2, description: "maths", examples: [], threshold: 0.8 };

/** Axes: code, maths, history (the first background topic), every other text, and one for prompts alone. Length 2, since nobody promises unit vectors. */
function vectorOf(text: string): Float32Array {
  const axis = /code/.test(text) ? 0 : /math/.test(text) ? 1 : /history/.test(text) ? 2 : 3;
  return Float32Array.from([0, 1, 2, 3, 4], (position) => (position === axis ? 2 : 0));
}

interface Asked {
  readonly vector: readonly number[];
  readonly text?: string;
  readonly distances?: (number | undefined)[];
}

function standings(targets: readonly ContrastTarget[], asked: Asked): Standings {
  return judge(targets, asked).standings;
}

function judge(targets: readonly ContrastTarget[], asked: Asked): Verdict {
  const { vector, text = "", distances = [0.5, undefined, 0.5] } = asked;
  return contrastRule(targets).compile(vectorOf)(
    { text, vector: Float32Array.from([...vector, 0].slice(0, 5)) },
    distances,
  );
}

describe("the rule contrast", () => {
  it("scores by similarity, less the nearest background topic", () => {
    const [first, second, third] = standings([code, maths], { vector: [0.8, 0, 0.6, 0] });
    expect(second).toBeUndefined();
    expect(first?.score).toBeCloseTo(0.2);
    expect(first?.parts.map(({ name, from }) => [name, from])).toEqual([
      ["similarity", undefined],
      ["background", backgroundTopics[0]],
    ]);
    expect(third?.score).toBeCloseTo(-0.6);
  });

  it("is blind to the length of vectors", () => {
    const [long] = standings([code], { vector: [8, 0, 6, 0] });
    expect(long?.score).toBeCloseTo(0.2);
  });

  it("scores no target beyond its threshold, nor one without a distance", () => {
    expect(standings([code, maths], { vector: [1, 0, 0, 0], distances: [0.81, undefined, undefined] })).toEqual([]);
  });

  it("leaves out background topics that are a target's own", () => {
    const history = { ...code, description: "history" };
    const [standing] = standings([history], { vector: [0, 0, 1, 0] });
    expect(standing?.parts.find(({ name }) => name === "background")?.from).not.toBe(backgroundTopics[0]);
    expect(standing?.score).toBeCloseTo(1);
  });

  it("counts a cue for the target that its phrase is near to, and for no other", () => {
    const [first, , third] = standings([code, maths], { vector: [0, 0, 0, 1], text: "```\nfoo();\n```" });
    expect(first?.parts).toContainEqual({ name: "code", value: 0.5 });
    expect(third?.parts.map(({ name }) => name)).toEqual(["similarity", "background"]);
  });

  it("takes the mean of description, its phrases and examples for the target's meaning, and asks more of it then", () => {
    const [standing] = standings([{ ...code, examples: ["maths"] }], { vector: [0, 1, 0, 0] });
    expect(standing?.parts[0]?.value).toBeCloseTo(Math.SQRT1_2);
    const [plain] = standings([code], { vector: [0, 1, 0, 0] });
    expect(standing?.least).toBeGreaterThan(plain?.least ?? Infinity);
  });

  it("asks for every text it compares", () => {
    const rule = contrastRule([{ ...code, description: "code, of any kind", examples: ["Fix this code"] }]);
    const asked = new Set<string>();
    rule.compile((text) => {
      asked.add(text);
      return vectorOf(text);
    });
    expect([...asked].toSorted()).toEqual(rule.texts.toSorted());
    expect(asked).toContain("of any kind");
  });

  it("finds a text vague that is near no topic and no target", () => {
    const near = (vector: readonly number[]): boolean => judge([code, maths], { vector }).isVague;
    expect([near([0.1, 0, 0.1, 0, 1]), near([0, 0, 1, 0.1]), near([1, 0, 0.1, 0])]).toEqual([true, false, false]);
  });
});
