import { expect, test } from "vitest";
import { parseChatRequest } from "../../../src/llm/chat.ts";

const parse = (text: string) => parseChatRequest(Buffer.from(text));
const hello = '"messages":[{"role":"user","content":"hello"}]';

test("reads model, messages and stream of a chat", () => {
  const call = parse(`{"model":"gpt-4o","stream":true,${hello}}`);
  expect(call).toMatchObject({ model: "gpt-4o", isStream: true, messages: [{ role: "user", content: "hello" }] });
});

test("an empty or missing model is none", () => {
  expect(parse(`{"model":"",${hello}}`).model).toBeUndefined();
  expect(parse(`{"model":null,${hello}}`).model).toBeUndefined();
  expect(parse(`{${hello}}`)).toMatchObject({ model: undefined, isStream: false });
});

test("takes every kind of content that OpenAI takes", () => {
  const messages =
    '[{"role":"assistant","content":null,"tool_calls":[]},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}]';
  expect(parse(`{"messages":${messages}}`).messages).toHaveLength(2);
});

const unreadable = "content-type header does not match request body, or bad JSON formatting";
const noPrompts = "request body doesn't contain valid prompts";

test.each([
  ["", unreadable],
  ["{", unreadable],
  ["[]", unreadable],
  ["null", unreadable],
  ["{}", noPrompts],
  ['{"messages":[]}', noPrompts],
  ['{"messages":"hello"}', noPrompts],
  ['{"messages":[null]}', noPrompts],
  ['{"messages":["hello"]}', noPrompts],
  ['{"messages":[{"content":"no role"}]}', noPrompts],
  ['{"messages":[{"role":"user","content":5}]}', noPrompts],
  ['{"messages":[{"role":"user","content":["text"]}]}', noPrompts],
  ['{"messages":[{"role":"user","content":[{"type":"text","text":5}]}]}', noPrompts],
  [`{"prompt":"a",${hello}}`, "request matches multiple LLM request formats"],
  ['{"prompt":"a"}', "[llm/v1/completions] message format is not compatible with [llm/v1/chat] route type"],
])("refuses %s", (text, message) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({ code: "GW_REQUEST_INVALID", status: 400, message: expect.stringContaining(message) }),
  );
});
