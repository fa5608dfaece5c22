import { describe, expect, it } from "vitest";
import { parseLabelMap, parsePrompts } from "../../../src/routing/labelled-prompts.ts";

const options = { file: "prompts.jsonl", mustExpect: true };
const none = new Map<string, string>();

describe("parsePrompts", () => {
  it("reads prompts, conversations, indexes and mapped labels", () => {
    const text = [
      '{"prompt": "a", "expect": "gpt-4o", "source": "s", "id": "x"}',
      "",
      '{"messages": [{"role": "user", "content": "b"}, {"role": "user", "content": "c"}], "expect": 0}',
      '{"prompt": "d", "label": "other"}',
    ].join("\n");
    expect(parsePrompts(text, new Map([["other", "CATCHALL"]]), options)).toEqual([
      {
        id: "x",
        prompt: "a",
        messages: [{ role: "user", content: "a" }],
        expect: "gpt-4o",
        label: undefined,
        source: "s",
      },
      {
        id: "3",
        prompt: "c",
        messages: [
          { role: "user", content: "b" },
          { role: "user", content: "c" },
        ],
        expect: "0",
        label: undefined,
        source: undefined,
      },
      {
        id: "4",
        prompt: "d",
        messages: [{ role: "user", content: "d" }],
        expect: "CATCHALL",
        label: "other",
        source: undefined,
      },
    ]);
  });

  it.each([
    ['{"prompt": "a"', "prompts.jsonl:1: not JSON."],
    ["[1]", "prompts.jsonl:1: expected an object"],
    ['\n{"expect": "x"}', 'prompts.jsonl:2: it has neither a "prompt"'],
    ['{"messages": []}', 'prompts.jsonl:1: it has neither a "prompt"'],
    ['{"prompt": "a"}', "prompts.jsonl:1: it says no target"],
    ['{"prompt": "a", "label": "other"}', 'prompts.jsonl:1: the label "other" means no target: add it to --map'],
    ["\n", "prompts.jsonl holds no prompts"],
  ])("says where %j is wrong", (text, message) => {
    expect(() => parsePrompts(text, none, options)).toThrow(message);
  });

  it("asks for no target where none is needed", () => {
    expect(parsePrompts('{"prompt": "a"}', none, { ...options, mustExpect: false })).toHaveLength(1);
  });
});

describe("parseLabelMap", () => {
  it("reads pairs", () => {
    expect([...parseLabelMap("a=gpt-4o, b=openai/x=y")]).toEqual([
      ["a", "gpt-4o"],
      ["b", "openai/x=y"],
    ]);
  });

  it.each(["a", "=b", "a="])("refuses %j", (text) => {
    expect(() => parseLabelMap(text)).toThrow(`--map "${text}": write label=target`);
  });
});
