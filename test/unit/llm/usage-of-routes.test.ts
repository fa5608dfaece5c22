import { expect, test } from "vitest";
import type { Front } from "../../../src/llm/front.ts";
import { openaiEmbeddingsFront } from "../../../src/llm/fronts/openai-embeddings.ts";
import { openaiResponsesFront } from "../../../src/llm/fronts/openai-responses.ts";
import type { Usage } from "../../../src/llm/usage.ts";

function usageOf({ createUsageReader }: Front, isStream: boolean, text: string): Usage | undefined {
  const reader = createUsageReader?.(isStream);
  for (const byte of Buffer.from(text)) reader?.push(Buffer.of(byte));
  return reader?.end();
}

const counts = '{"input_tokens":5,"output_tokens":2,"total_tokens":7,"input_tokens_details":{"cached_tokens":3}}';
const expected = {
  prompt_tokens: 5,
  completion_tokens: 2,
  total_tokens: 7,
  prompt_tokens_details: { cached_tokens: 3 },
};

test("counts embeddings, of which nothing is completed", () => {
  const answer = '{"object":"list","usage":{"prompt_tokens":4,"total_tokens":4}}';
  expect(usageOf(openaiEmbeddingsFront, false, answer)).toEqual({
    prompt_tokens: 4,
    completion_tokens: 0,
    total_tokens: 4,
  });
  expect(usageOf(openaiEmbeddingsFront, false, "<html>")).toBeUndefined();
});

test("counts a response, whole or streamed", () => {
  expect(usageOf(openaiResponsesFront, false, `{"usage":${counts}}`)).toEqual(expected);
  const events = [
    '{"type":"response.created","response":{"usage":null}}',
    `{"type":"response.completed","response":{"usage":${counts}}}`,
  ];
  expect(usageOf(openaiResponsesFront, true, events.map((event) => `data: ${event}\n\n`).join(""))).toEqual(expected);
});
