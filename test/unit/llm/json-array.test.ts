import { expect, test } from "vitest";
import { JsonArrayScanner } from "../../../src/llm/json-array.ts";

/** What is told of bytes that arrive in pieces of this size. */
function scan(text: string, size: number): readonly string[] {
  const heard: string[] = [];
  const scanner = new JsonArrayScanner(
    (element) => heard.push(element),
    () => heard.push("too large"),
  );
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
  return heard;
}

const elements = ['{"a":"}]\\"[{"}', '{"b":[{"c":"\\\\"}]}', '{"ß":"größer"}', "{}"];

test.each([1, 2, 3, 7, 1000])("hands over each element as it is, in pieces of %d bytes", (size) => {
  expect(scan(` [${elements.join("\n,\r\n")}\n]\n`, size)).toEqual(elements);
});

test("keeps nothing of an element that has not ended", () => {
  expect(scan('[{"a":1},{"b":', 1)).toEqual(['{"a":1}']);
});

test("tells of an element that is too large", () => {
  expect(scan(`[{"a":"${"x".repeat(1 << 20)}`, 1 << 16)).toEqual(["too large"]);
});

test.each(["", "]]]", "[]", '"', "[1,2]"])("finds nothing in %j", (text) => {
  expect(scan(text, 1)).toEqual([]);
});
