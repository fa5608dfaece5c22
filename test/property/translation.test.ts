import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ChatEvent, UnreadableAnswer } from "../../src/llm/answer.ts";
import { decodeAll, foreignProviders, streamsOf } from "../support/translators.ts";

function cut(bytes: Buffer, marks: readonly number[]): Buffer[] {
  const ends = [...marks.map((mark) => mark % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function isOver(events: readonly ChatEvent[]): boolean {
  return events.some(({ type }) => type === "end" || type === "failed");
}

describe.each(foreignProviders)("$name", ({ name, translator }) => {
  const streams = streamsOf(name);

  test.each(streams)("the events of $name are the same wherever its bytes are cut", ({ bytes, expected }) => {
    const bounds = fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 });
    fc.assert(
      fc.property(bounds, (marks) => {
        expect(decodeAll(translator, cut(bytes, marks))).toEqual(expected);
      }),
    );
    expect(
      decodeAll(
        translator,
        [...bytes].map((byte) => Buffer.of(byte)),
      ),
    ).toEqual(expected);
  });

  test.each(streams)("a part of $name is never taken for the whole", ({ bytes, expected }) => {
    const last = bytes.toString().trimEnd().lastIndexOf("{");
    fc.assert(
      fc.property(fc.nat({ max: Math.max(0, lineStart(bytes, last) - 1) }), (length) => {
        const events = decodeAll(translator, [bytes.subarray(0, length)]);
        if (isOver(events)) expect(events.at(-1)).toMatchObject({ type: "failed" });
        expect(events.slice(0, -1)).toEqual(expected.slice(0, Math.max(0, events.length - 1)));
      }),
    );
  });

  test("nothing that arrives makes it throw, and nothing follows the end", () => {
    const piece = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(`data: ${text}\n\n${text}\n`)),
      fc
        .constantFrom(...streams.flatMap(({ bytes }) => bytes.toString().split("\n")))
        .map((line) => Buffer.from(`${line}\n\n`)),
    );
    fc.assert(
      fc.property(fc.array(piece), (chunks) => {
        const events = decodeAll(translator, chunks);
        const end = events.findIndex(({ type }) => type === "end" || type === "failed");
        if (end !== -1) expect(end).toBe(events.length - 1);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(translator.parseFailure(500, Buffer.from(text)).message).toBeTypeOf("string");
        try {
          translator.parseChat(Buffer.from(text));
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableAnswer);
        }
      }),
    );
  });
});

/** Where the line that holds `at` begins. */
function lineStart(bytes: Buffer, at: number): number {
  return bytes.lastIndexOf(0x0a, at) + 1;
}
