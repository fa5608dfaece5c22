import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RequestError } from "../../src/core/errors.ts";
import type { UpstreamRequest } from "../../src/core/http-message.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ChatResult, ProviderFailure } from "../../src/llm/answer.ts";
import { parseChatRequest } from "../../src/llm/chat.ts";
import type { Built } from "../../src/llm/provider.ts";
import { openaiTranslator } from "../../src/llm/providers/openai/translator.ts";
import { decodeAll, foreignProviders, llmFixtures, readFixture, streamsOf } from "../support/translators.ts";

interface Conversation {
  readonly why: string;
  readonly model?: string;
  readonly options: JsonObject;
  readonly clientParams?: boolean;
  readonly body: JsonObject;
}

const conversations = readdirSync(`${llmFixtures}/conversations`)
  .filter((file) => /^[^.]+\.json$/.test(file))
  .map((file) => file.replace(".json", ""));

describe.each(foreignProviders)("$name", ({ name, driver, options }) => {
  test.each(conversations)("is asked %s in its own format", async (title) => {
    const {
      model,
      clientParams = false,
      body,
      ...conversation
    } = readFixture(`conversations/${title}.json`) as Conversation;
    const all = { ...options, ...conversation.options };
    const target = { provider: name, model, options: all, clientParams, endpoint: driver.endpoint(all, model) };
    const shown = buildOrRefusal(() => driver.buildChat(parseChatRequest(Buffer.from(JSON.stringify(body))), target));
    await expect(`${JSON.stringify(shown, undefined, 2)}\n`).toMatchFileSnapshot(
      `../../${llmFixtures}/conversations/${title}.${name}.json`,
    );
  });
});

/** OpenAI's answers are read for clients of other formats. */
const answering = [...foreignProviders, { name: "openai", translator: openaiTranslator }];

describe.each(answering)("$name", ({ name, translator }) => {
  test.each(readdirSync(`${llmFixtures}/answers/${name}`))("answers %s", (file) => {
    const { answer, expected } = readFixture(`answers/${name}/${file}`) as { answer: JsonObject; expected: ChatResult };
    expect(translator.parseChat(Buffer.from(JSON.stringify(answer)))).toEqual(expected);
  });

  test.each(streamsOf(name))("streams $name", ({ bytes, expected }) => {
    expect(decodeAll(translator, [bytes])).toEqual(expected);
  });

  test("refuses with its own reason, and with whatever a proxy says", () => {
    const { status, answer, expected } = readFixture(`failures/${name}.json`) as {
      status: number;
      answer: JsonObject;
      expected: ProviderFailure;
    };
    expect(translator.parseFailure(status, Buffer.from(JSON.stringify(answer)))).toEqual(expected);
    expect(translator.parseFailure(502, Buffer.from("<h1>Bad Gateway</h1>"))).toEqual({
      message: "<h1>Bad Gateway</h1>",
      type: "server_error",
      code: null,
    });
  });

  test.each(["", "[]", "null", "{}", '{"content":1}', "<html>"])("the whole answer %j cannot be translated", (text) => {
    expect(() => translator.parseChat(Buffer.from(text))).toThrow("it ");
  });
});

/** What is sent, readable; or why it is not. */
function buildOrRefusal(build: () => Built<UpstreamRequest>): object {
  try {
    const { request, warnings } = build();
    return { ...request, body: JSON.parse((request.body as Buffer).toString()) as unknown, warnings };
  } catch (error) {
    if (error instanceof RequestError) return { refused: error.message };
    throw error;
  }
}
