import { describe, expect, it } from "vitest";
import { conversationText, type TextRule, textRules } from "../../../src/embeddings/text.ts";
import type { ChatMessage } from "../../../src/llm/chat.ts";

const conversation: readonly ChatMessage[] = [
  { role: "system", content: "You are terse." },
  { role: "user", content: "What is a monad?" },
  { role: "assistant", content: "A monoid in the category of endofunctors." },
  { role: "user", content: "And a comonad?" },
  { role: "tool", content: "42" },
];

function textOf(messages: readonly ChatMessage[], rule: TextRule, turns?: number): string | undefined {
  return conversationText(messages, { rule, turns })?.text;
}

describe("the text of a conversation", () => {
  it.each([
    ["last_user", undefined, "And a comonad?"],
    ["follow_up", undefined, "And a comonad?"],
    ["all_user", undefined, "What is a monad?\nAnd a comonad?"],
    ["all_user", 1, "And a comonad?"],
    [
      "all",
      undefined,
      "You are terse.\nWhat is a monad?\nA monoid in the category of endofunctors.\nAnd a comonad?\n42",
    ],
    ["all", 2, "And a comonad?\n42"],
    ["user_and_system", undefined, "And a comonad?\nYou are terse."],
  ] as const)("by %s with at most %s turns", (rule, turns, text) => {
    expect(textOf(conversation, rule, turns)).toBe(text);
  });

  it("joins the text parts of list content and ignores the others", () => {
    const content = [
      { type: "text", text: "What is" },
      { type: "image_url", text: "not spoken" },
      { type: "text" },
      { type: "text", text: "on this picture?" },
    ];
    expect(textOf([{ role: "user", content }], "last_user")).toBe("What is\non this picture?");
  });

  it.each(["last_user", "follow_up", "all_user"] as const)(
    "falls back by %s to the last message of any role",
    (rule) => {
      const messages = [
        { role: "system", content: "first" },
        { role: "developer", content: "last" },
      ];
      expect(textOf(messages, rule)).toBe("last");
    },
  );

  it("passes over user messages without text", () => {
    const messages = [
      { role: "user", content: "Sort this list." },
      { role: "user", content: [{ type: "image_url" }] },
      { role: "user", content: " \n" },
      { role: "user", content: null },
      { role: "user" },
    ];
    expect(textOf(messages, "last_user")).toBe("Sort this list.");
  });

  it.each([[[]], [[{ role: "user", content: "" }]], [[{ role: "assistant", content: null }]]])(
    "is undefined when there is none: %j",
    (messages) => {
      for (const rule of textRules) expect(textOf(messages, rule)).toBeUndefined();
    },
  );

  it("has no unpaired surrogates, and keeps pairs", () => {
    for (const rule of textRules)
      expect(textOf([{ role: "user", content: "a\ud800b \u{1f600}" }], rule)).toBe("a\ufffdb \u{1f600}");
  });
});

describe("the context of a follow-up", () => {
  const user = (content: string): ChatMessage => ({ role: "user", content });
  const contextOf = (messages: readonly ChatMessage[], turns?: number): string | undefined =>
    conversationText(messages, { rule: "follow_up", turns })?.context;

  it("is what the user said last, three turns or as many as are wanted", () => {
    const messages = ["a", "b", "c", "d"].map(user);
    expect([contextOf(messages), contextOf(messages, 2), contextOf(messages, 9)]).toEqual([
      "b\nc\nd",
      "c\nd",
      "a\nb\nc\nd",
    ]);
  });

  it("is undefined when nothing was said before, and under every other rule", () => {
    expect(contextOf([{ role: "system", content: "s" }, user("a")])).toBeUndefined();
    const others = textRules.filter((rule) => rule !== "follow_up");
    for (const rule of others)
      expect(conversationText(conversation, { rule, turns: undefined })?.context).toBeUndefined();
  });
});
