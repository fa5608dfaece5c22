import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SseScanner, wholeLines } from "../../src/llm/sse.ts";

const line = fc.oneof(
  fc.string({ unit: "grapheme" }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, "")}`),
  fc.constantFrom("", "", ": comment", "event: x", "data", "data:", "id: 1", "datax: 1"),
);
const stream = fc
  .tuple(fc.array(line), fc.constantFrom("\n", "\r\n", "\r"))
  .map(([lines, end]) => Buffer.from(lines.map((text) => text + end).join("")));

function eventsOf(chunks: readonly Buffer[]): string[] {
  const events: string[] = [];
  const scanner = new SseScanner((data) => events.push(data));
  for (const chunk of chunks) scanner.push(chunk);
  return events;
}

/** The standard, written out slowly. */
function expectedEvents(text: string): string[] {
  const events: string[] = [];
  let data: string[] = [];
  for (const each of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (each === "" && data.length > 0) events.push(data.join("\n"));
    if (each === "") data = [];
    else if (each === "data" || each.startsWith("data:")) data.push(each.slice(5).replace(/^ /, ""));
  }
  return events;
}

test("the events are those of the standard, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat({ max: 400 })), (bytes, cuts) => {
      const marks = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = marks.slice(1).map((mark, index) => bytes.subarray(marks[index], mark));
      expect(eventsOf(chunks)).toEqual(expectedEvents(bytes.toString()));
    }),
    { numRuns: 1000 },
  );
});

test("whole lines end behind the last line feed", () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      const text = bytes.toString("latin1");
      expect(wholeLines(bytes)).toBe(text.lastIndexOf("\n") + 1);
    }),
  );
});
