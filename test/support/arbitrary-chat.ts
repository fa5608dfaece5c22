import * as fc from "fast-check";
import type { ChatEvent, ChatResult, FinishReason } from "../../src/llm/answer.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { tallied, type Usage } from "../../src/llm/usage.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const name = fc.stringMatching(/^[a-z_]{1,8}$/);
const input: fc.Arbitrary<JsonObject> = fc.dictionary(name, fc.oneof(text, fc.integer(), fc.boolean()));
const reason: fc.Arbitrary<FinishReason> = fc.constantFrom("stop", "length", "tool_calls", "content_filter");

export const usage: fc.Arbitrary<Usage> = fc
  .record({ plain: fc.nat(999), cached: fc.nat(999), written: fc.nat(999), completion: fc.nat(999) })
  .map(({ plain, cached, written, completion }) => tallied(plain + cached + written, completion, { cached, written }));

const toolCalls = fc
  .array(fc.record({ name, input }), { maxLength: 3 })
  .map((calls) =>
    calls.map((call, index) => ({ id: `call_${index}`, name: call.name, arguments: JSON.stringify(call.input) })),
  );

/** What every format can say. */
export const chatResult: fc.Arbitrary<ChatResult> = fc.record({
  id: fc.constant("id-1"),
  model: fc.constant("model-1"),
  text: fc.oneof(fc.constant(""), text),
  reasoning: fc.oneof(fc.constant(""), text),
  toolCalls,
  finishReason: reason,
  usage,
});

/** The same answer, streamed: pieces of prose and of arguments, never empty. */
export const chatEvents: fc.Arbitrary<readonly ChatEvent[]> = fc
  .record({
    reasoning: fc.array(text, { maxLength: 3 }),
    texts: fc.array(text, { maxLength: 3 }),
    toolCalls,
    reason,
    usage,
  })
  .map(({ reasoning, texts, toolCalls: calls, reason: finish, usage: counts }): readonly ChatEvent[] => [
    { type: "start", id: "id-1", model: "model-1" },
    ...reasoning.map((piece) => ({ type: "reasoning-delta" as const, text: piece })),
    ...texts.map((piece) => ({ type: "text-delta" as const, text: piece })),
    ...calls.flatMap((call, index): readonly ChatEvent[] => [
      { type: "tool-call-start", index, id: call.id, name: call.name },
      { type: "tool-call-delta", index, text: call.arguments.slice(0, 1) },
      { type: "tool-call-delta", index, text: call.arguments.slice(1) },
    ]),
    { type: "finish", reason: finish },
    { type: "usage", usage: counts },
    { type: "end" },
  ]);

const userContent = fc.oneof(
  text,
  fc.array(
    fc.oneof(
      text.map((said) => ({ type: "text", text: said })),
      fc
        .constantFrom("https://example.com/a.png", "data:image/png;base64,AAAA")
        .map((url) => ({ type: "image_url", image_url: { url } })),
    ),
    { minLength: 2, maxLength: 3 },
  ),
);

/** A user's turn, and sometimes the assistant's call of tools with their results. */
const exchange = fc
  .record({
    content: userContent,
    said: fc.option(text, { nil: null }),
    calls: fc.array(fc.record({ name, input, result: text }), { maxLength: 2 }),
  })
  .map(({ content, said, calls }): readonly JsonObject[] => [
    { role: "user", content },
    ...(said === null && calls.length === 0 ? [] : [toAssistant(said, calls)]),
    ...calls.map(({ result }, index) => ({ role: "tool", tool_call_id: `call_${index}`, content: result })),
  ]);

interface Called {
  readonly name: string;
  readonly input: JsonObject;
}

function toAssistant(content: string | null, calls: readonly Called[]): JsonObject {
  const toolCall = (call: Called, index: number): JsonObject => ({
    id: `call_${index}`,
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.input) },
  });
  return { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls.map(toolCall) }) };
}

/** A chat in OpenAI's format with what Anthropic's can say, too; roles alternate, as they do when people talk. */
export const chatBody: fc.Arbitrary<JsonObject> = fc
  .record({
    system: fc.option(text, { nil: null }),
    first: exchange,
    answer: text,
    last: exchange,
    settings: fc.record(
      {
        temperature: fc.constantFrom(0, 0.5, 1),
        top_p: fc.constantFrom(0.1, 1),
        stop: fc.array(name, { minLength: 1, maxLength: 2 }),
        user: name,
        parallel_tool_calls: fc.constant(false),
        tool_choice: fc.constantFrom("auto", "required", "none"),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ system, first, answer, last, settings }) => ({
    model: "model-1",
    messages: [
      ...(system === null ? [] : [{ role: "system", content: system }]),
      ...first,
      ...(first.at(-1)?.["role"] === "assistant" ? [] : [{ role: "assistant", content: answer }]),
      ...last,
    ],
    max_tokens: 100,
    ...settings,
    tools: [
      {
        type: "function",
        function: { name: "weather", description: "d", parameters: { type: "object", properties: {} } },
      },
    ],
    stream: false,
  }));

/** Bytes cut at these marks. */
export function cutAt(bytes: Buffer, marks: readonly number[]): readonly Buffer[] {
  const ends = [...marks.map((mark) => mark % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}
