import { describe, expect, test } from "vitest";
import { openChatStream } from "../../../src/llm/providers/bedrock/stream.ts";
import { type EventStreamMessage, EventStreamScanner } from "../../../src/llm/event-stream.ts";
import { streamsOf } from "../../support/translators.ts";

function scan(...chunks: readonly Buffer[]): { readonly messages: EventStreamMessage[]; readonly broken: number } {
  const messages: EventStreamMessage[] = [];
  let broken = 0;
  const scanner = new EventStreamScanner(
    (message) => messages.push(message),
    () => (broken += 1),
  );
  for (const chunk of chunks) scanner.push(chunk);
  return { messages, broken };
}

// The vectors that AWS's SDKs test with: https://github.com/awslabs/aws-c-event-stream/tree/main/tests.
const empty = Buffer.from("000000100000000005c248eb7d98c8ff", "hex");
const payloadOnly = Buffer.from("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936", "hex");

test("reads AWS's own messages", () => {
  expect(scan(empty, payloadOnly)).toEqual({
    messages: [
      { headers: new Map(), payload: Buffer.alloc(0) },
      { headers: new Map(), payload: Buffer.from("{'foo':'bar'}") },
    ],
    broken: 0,
  });
});

describe("tells once, and reads no further, of", () => {
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(payloadOnly);
    bytes[at] = value;
    return bytes;
  };
  test.each([
    ["a payload that was changed", changed(15, 1)],
    ["a length that was changed", changed(3, 0x1c)],
    ["another protocol", Buffer.from("data: {}\n\ndata: {}\n\n")],
  ])("%s", (_, bytes) => {
    expect(scan(empty, bytes, empty)).toMatchObject({ messages: [{}], broken: 1 });
  });
});

test("waits for a message that is not there yet", () => {
  expect(scan(payloadOnly.subarray(0, 28))).toEqual({ messages: [], broken: 0 });
});

test.each(streamsOf("bedrock"))("a part of $name is never taken for the whole", ({ bytes, expected }) => {
  const told = expected.findIndex(({ type }) => type === "finish" || type === "failed");
  for (let length = 0; length < bytes.length; length += 1) {
    const decoder = openChatStream();
    const events = [...decoder.push(bytes.subarray(0, length)), ...decoder.end()];
    const isOver = events.some(({ type }) => type === "end" || type === "failed");
    // An answer that has been told to be finished is whole, whether or not it was counted.
    if (isOver) expect(events.slice(0, told + 1)).toEqual(expected.slice(0, told + 1));
    else expect(events).toEqual(expected.slice(0, Math.min(events.length, told)));
  }
});
