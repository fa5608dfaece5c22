import { expect, test } from "vitest";
import { createUsageReader } from "../../../src/llm/usage.ts";

const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
const counted = JSON.stringify(usage);

function read(isStream: boolean, ...chunks: string[]) {
  const reader = createUsageReader(isStream);
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return reader.end();
}

test("reads the usage of a whole answer, in pieces too", () => {
  expect(read(false, `{"choices":[],"usa`, `ge":${counted}}`)).toEqual(usage);
});

test("adds up a total that is missing", () => {
  expect(read(false, '{"usage":{"prompt_tokens":1,"completion_tokens":2}}')).toEqual({
    prompt_tokens: 1,
    completion_tokens: 2,
    total_tokens: 3,
  });
});

test("reads the last usage of a stream, wherever it is cut", () => {
  const stream = `data: {"choices":[{"delta":{"content":"\\"usage\\""}}],"usage":null}\n\ndata: {"choices":[],"usage":${counted}}\n\ndata: [DONE]\n\n`;
  for (let cut = 0; cut <= stream.length; cut++)
    expect(read(true, stream.slice(0, cut), stream.slice(cut))).toEqual(usage);
});

test("says nothing when the provider said nothing, or something else", () => {
  expect(read(false, "{}")).toBeUndefined();
  expect(read(false, '{"usage":{"prompt_tokens":"9"}}')).toBeUndefined();
  expect(read(false, "<html>")).toBeUndefined();
  expect(read(true, "data: [DONE]\n\n")).toBeUndefined();
  expect(read(true, 'data: {"usage":\n\n')).toBeUndefined();
});

test("does not keep an answer that is too long to be one", () => {
  expect(read(false, `{"a":"${"x".repeat(5 << 20)}","usage":${counted}}`)).toBeUndefined();
});
