import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RequestError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ChatEvent, ChatTranslator } from "../../src/llm/answer.ts";
import { parseChatRequest } from "../../src/llm/chat.ts";
import type { AnswerWriter, Front } from "../../src/llm/front.ts";
import { anthropicMessagesFront } from "../../src/llm/fronts/anthropic-messages.ts";
import { fronts } from "../../src/llm/fronts/front-for.ts";
import { openaiChatFront } from "../../src/llm/fronts/openai-chat.ts";
import { anthropicProvider } from "../../src/llm/providers/anthropic.ts";
import { openaiTranslator } from "../../src/llm/providers/openai/translator.ts";
import { chatBody, chatEvents, chatResult, cutAt } from "../support/arbitrary-chat.ts";
import { parseAnthropicRequest } from "../support/anthropic-request.ts";
import { decodeAll } from "../support/translators.ts";

const identity = { id: "own-id", model: "own-model", created: 1 };
const anthropicTranslator = anthropicProvider.translator?.({});

/** Formats that gw both writes, to clients, and reads, from providers. */
const bothWays: readonly (readonly [string, AnswerWriter | undefined, ChatTranslator | undefined])[] = [
  ["openai", openaiChatFront.answers, openaiTranslator],
  ["anthropic", anthropicMessagesFront.answers, anthropicTranslator],
];

const paths: Partial<Record<Front["format"], string>> = {
  bedrock: "/model/m/converse",
  gemini: "/models/m:generateContent",
};

/** What every front keeps, shown on `numRuns` inputs each. */
export function frontContract(numRuns: number): void {
  test.each(bothWays)(
    "a stream written in the format of %s says the same, wherever its bytes are cut",
    (_, writer, translator) => {
      if (writer === undefined || translator === undefined) throw new Error("The format is written and read.");
      fc.assert(
        fc.property(chatEvents, fc.array(fc.nat(), { maxLength: 8 }), (events, marks) => {
          const stream = writer.openStream(identity, true);
          const bytes = Buffer.from(events.map((event) => stream.write(event)).join(""));
          expect(meaningOf(decodeAll(translator, cutAt(bytes, marks)))).toEqual(meaningOf(events));
        }),
        { numRuns },
      );
    },
  );

  test.each(bothWays)("an answer written in the format of %s says the same", (_, writer, translator) => {
    fc.assert(
      fc.property(chatResult, (result) => {
        expect(translator?.parseChat(Buffer.from(writer?.writeChat(result, identity) ?? ""))).toEqual(result);
      }),
      { numRuns },
    );
  });

  test("a chat survives the way to Anthropic's format and back, and Anthropic would take it", () => {
    fc.assert(
      fc.property(chatBody, (body) => {
        const call = parseChatRequest(Buffer.from(JSON.stringify(body)));
        const endpoint = anthropicProvider.endpoint({}, undefined);
        const target = { provider: "anthropic", model: undefined, options: {}, clientParams: false, endpoint };
        const { request, warnings } = anthropicProvider.buildChat(call, target);
        const bytes = request.body as Buffer;
        parseAnthropicRequest(bytes);
        const back = anthropicMessagesFront.readCall(bytes, "/v1/messages");
        expect(warnings).toEqual([]);
        expect(back.native?.lost).toEqual([]);
        expect(canonical(JSON.parse(back.bytes.toString()) as JsonObject)).toEqual(canonical(body));
      }),
      { numRuns },
    );
  });

  test.each(fronts)(
    "nothing that arrives makes the front of $serves throw anything but a refusal",
    ({ format, readCall }) => {
      const near = fc.record(
        {
          model: fc.anything(),
          messages: fc.oneof(
            fc.jsonValue(),
            fc.array(
              fc.record(
                { role: fc.constantFrom("user", "assistant", "system", "tool"), content: blocks },
                { requiredKeys: [] },
              ),
            ),
          ),
          system: blocks,
          contents: fc.oneof(fc.jsonValue(), fc.array(fc.record({ role: fc.jsonValue(), parts: blocks }))),
          prompt: fc.jsonValue(),
          input: fc.oneof(fc.jsonValue(), blocks),
          tools: fc.array(fc.jsonValue()),
          tool_choice: fc.jsonValue(),
          metadata: fc.jsonValue(),
          output_config: fc.jsonValue(),
          stream: fc.jsonValue(),
          constructor: fc.jsonValue(),
        },
        { requiredKeys: [] },
      );
      const anything = fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
        near.map((value) => Buffer.from(JSON.stringify(value))),
      );
      fc.assert(
        fc.property(anything, (bytes) => {
          try {
            const call = readCall(bytes, paths[format] ?? "/");
            JSON.parse(call.bytes.toString());
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(RequestError);
          }
        }),
        { numRuns },
      );
    },
  );

  test.each(bothWays)("no bytes make the reader of %s throw, and nothing follows the end", (_, __, translator) => {
    const lines = fc.array(
      fc.oneof(
        fc.jsonValue().map((value) => `data: ${JSON.stringify(value)}\n\n`),
        chunkLike,
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 4 }), (texts, marks) => {
        if (translator === undefined) throw new Error("The format is read.");
        const events = decodeAll(translator, cutAt(Buffer.from(texts.join("")), marks));
        const over = events.findIndex(({ type }) => type === "end" || type === "failed");
        expect(over === -1 || over === events.length - 1).toBe(true);
      }),
      { numRuns },
    );
  });
}

const blocks = fc.oneof(
  fc.jsonValue(),
  fc.array(
    fc.record(
      {
        type: fc.constantFrom("text", "image", "document", "tool_use", "tool_result", "thinking", "web_search"),
        text: fc.jsonValue(),
        source: fc.jsonValue(),
        content: fc.jsonValue(),
        id: fc.jsonValue(),
        name: fc.jsonValue(),
        input: fc.jsonValue(),
        cache_control: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    ),
  ),
);

const chunkLike = fc
  .record(
    {
      choices: fc.array(
        fc.record(
          {
            delta: fc.record({ content: fc.jsonValue(), tool_calls: fc.jsonValue() }, { requiredKeys: [] }),
            finish_reason: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      ),
      usage: fc.jsonValue(),
      type: fc.constantFrom(
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "error",
      ),
      delta: fc.jsonValue(),
      content_block: fc.jsonValue(),
      index: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((value) => `data: ${JSON.stringify(value)}\n\n`);

/** Where pieces are cut says nothing, nor does how often a count is repeated. */
function meaningOf(events: readonly ChatEvent[]): object {
  const join = (type: ChatEvent["type"], index?: number): string =>
    events
      .map((event) =>
        event.type === type && "text" in event && (index === undefined || ("index" in event && event.index === index))
          ? event.text
          : "",
      )
      .join("");
  const starts = events.filter((event) => event.type === "tool-call-start");
  return {
    start: events.find(({ type }) => type === "start"),
    text: join("text-delta"),
    reasoning: join("reasoning-delta"),
    calls: starts.map(({ index, id, name }) => ({ id, name, arguments: join("tool-call-delta", index) })),
    finish: events.find(({ type }) => type === "finish"),
    usage: events.findLast(({ type }) => type === "usage"),
    last: events.at(-1),
  };
}

/** What is said without a word: no choice is `auto`, and where no tool may be called there are no parallel calls. */
function canonical({ messages, tool_choice: choice, parallel_tool_calls: parallel, ...others }: JsonObject): object {
  const list = (messages as readonly JsonObject[]).map((message) => ({
    ...message,
    content: message["content"] ?? "",
  }));
  return {
    ...others,
    messages: list,
    ...(choice !== undefined && choice !== "auto" && { tool_choice: choice }),
    ...(parallel === false && choice !== "none" && { parallel_tool_calls: false }),
  };
}
