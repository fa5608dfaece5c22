import { describe, expect, it } from "vitest";
import { embeddingText } from "../../../src/embeddings/text.ts";
import type { ChatMessage } from "../../../src/llm/chat.ts";

const conversation: readonly ChatMessage[] = [
  { role: "system", content: "You are terse." },
  { role: "user", content: "What is a monad?" },
  { role: "assistant", content: "A monoid in the category of endofunctors." },
  { role: "user", content: "And a comonad?" },
  { role: "tool", content: "42" },
];

describe("embeddingText", () => {
  it.each([
    ["last_user", "And a comonad?"],
    ["all_user", "What is a monad?\nAnd a comonad?"],
    ["all", "You are terse.\nWhat is a monad?\nA monoid in the category of endofunctors.\nAnd a comonad?\n42"],
  ] as const)("%s of a conversation", (rule, text) => {
    expect(embeddingText(conversation, rule)).toBe(text);
  });

  it("joins the text parts of list content and ignores the others", () => {
    const content = [
      { type: "text", text: "What is" },
      { type: "image_url", text: "not spoken" },
      { type: "text" },
      { type: "text", text: "on this picture?" },
    ];
    expect(embeddingText([{ role: "user", content }], "last_user")).toBe("What is\non this picture?");
  });

  it.each(["last_user", "all_user"] as const)("%s falls back to the last message of any role", (rule) => {
    const messages = [
      { role: "system", content: "first" },
      { role: "developer", content: "last" },
    ];
    expect(embeddingText(messages, rule)).toBe("last");
  });

  it("passes over user messages without text", () => {
    const messages = [
      { role: "user", content: "Sort this list." },
      { role: "user", content: [{ type: "image_url" }] },
      { role: "user", content: " \n" },
      { role: "user", content: null },
      { role: "user" },
    ];
    expect(embeddingText(messages, "last_user")).toBe("Sort this list.");
  });

  it.each([[[]], [[{ role: "user", content: "" }]], [[{ role: "assistant", content: null }]]])(
    "is undefined when there is no text: %j",
    (messages) => {
      for (const rule of ["last_user", "all_user", "all"] as const)
        expect(embeddingText(messages, rule)).toBeUndefined();
    },
  );

  it("replaces unpaired surrogates and keeps pairs", () => {
    expect(embeddingText([{ role: "user", content: "a\ud800b \u{1f600}" }], "last_user")).toBe("a\ufffdb \u{1f600}");
  });
});
