import { expect, test } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { parseChatRequest } from "../../../src/llm/chat.ts";
import { openaiChatFront } from "../../../src/llm/fronts/openai-chat.ts";
import { geminiProvider } from "../../../src/llm/providers/gemini.ts";
import { readFixture } from "../../support/translators.ts";

test("Gemini's signature comes back to it with the message that the client was given", () => {
  const { answer } = readFixture("answers/gemini/tools.json") as { answer: JsonObject };
  const result = geminiProvider.translator?.({})?.parseChat(Buffer.from(JSON.stringify(answer)));
  const written = result && openaiChatFront.answers?.writeChat(result, { id: "1", model: "m", created: 1 });
  const { choices } = JSON.parse(written ?? "") as { choices: readonly { message: JsonObject }[] };
  const messages = [
    { role: "user", content: "Weather?" },
    choices[0]?.message,
    { role: "tool", tool_call_id: "call_0", content: "sunny" },
    { role: "tool", tool_call_id: "own", content: "noon" },
  ];
  const call = parseChatRequest(Buffer.from(JSON.stringify({ messages })));
  const endpoint = geminiProvider.endpoint({}, "gemini-3-pro");
  const target = { provider: "gemini", model: "gemini-3-pro", options: {}, clientParams: false, endpoint };
  const { contents } = JSON.parse((geminiProvider.buildChat(call, target).request.body as Buffer).toString()) as {
    contents: readonly JsonObject[];
  };
  expect(contents[1]).toEqual({
    role: "model",
    parts: [
      { functionCall: { name: "weather", args: { city: "Oslo" } }, thoughtSignature: "c2ln" },
      { functionCall: { name: "now", args: {} } },
    ],
  });
});
