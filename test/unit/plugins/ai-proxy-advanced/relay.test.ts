import { beforeEach, describe, expect, test } from "vitest";
import { UpstreamError } from "../../../../src/core/errors.ts";
import { type AttemptEnd, Relay, type RelayOptions } from "../../../../src/plugins/ai-proxy-advanced/relay.ts";
import type { Exchange } from "../../../../src/plugins/plugin.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { openaiChatFront } from "../../../../src/llm/fronts/openai-chat.ts";

const sse = ["content-type", "text/event-stream"];
const event = Buffer.from("data: {}\n\n");

let clock: FakeClock;
let written: string[];
let hasRoom: boolean;
let drain: (() => void) | undefined;
let ends: AttemptEnd[];
let flowed: string[];

beforeEach(() => {
  clock = createFakeClock();
  written = [];
  hasRoom = true;
  drain = undefined;
  ends = [];
  flowed = [];
});

/** Only what a relay calls. */
function exchange(): Exchange {
  return {
    begin: (status: number) => void written.push(String(status)),
    write(chunk: Buffer) {
      written.push(chunk.toString());
      return hasRoom;
    },
    onDrain(listener: () => void) {
      drain = listener;
    },
    end: (chunk?: Buffer | string) => void written.push(`${chunk === undefined ? "" : chunk.toString()}end`),
  } as unknown as Exchange;
}

function startRelay(judgement: ReturnType<RelayOptions["judge"]>): Relay {
  const relay = new Relay(exchange(), {
    judge: () => judgement,
    toHead: (_, headers) => headers,
    onEnd: (end) => ends.push(end),
    usage: undefined,
    errorEvent: openaiChatFront.errorEvent,
    stall: { clock, firstMs: 1000, laterMs: 60_000 },
  });
  relay.onStart({ cancel: () => void flowed.push("cancel"), resume: () => void flowed.push("resume") });
  return relay;
}

describe("a head that is held", () => {
  test("waits for the first byte, and may then no longer fail over", async () => {
    const relay = startRelay("hold");
    relay.onHead(200, sse);
    expect(written).toEqual([]);
    relay.onData(event);
    expect([await relay.beginning, written]).toEqual([{ kind: "begun" }, ["200", "data: {}\n\n"]]);
  });

  test("is dropped with what fails before the first byte", async () => {
    const relay = startRelay("hold");
    relay.onHead(200, sse);
    clock.advance(1000);
    expect(await relay.beginning).toMatchObject({ kind: "failed", error: { code: "GW_UPSTREAM_TIMEOUT" } });
    expect([written, flowed, ends]).toMatchObject([
      [],
      ["cancel"],
      [{ status: 200, isSent: true, isCancelled: false }],
    ]);
    relay.onData(event);
    relay.onEnd();
    relay.onError(new UpstreamError("GW_UPSTREAM_ABORTED", "late"));
    expect([written, ends.length]).toEqual([[], 1]);
  });

  test("is passed on with an empty answer", async () => {
    const relay = startRelay("hold");
    relay.onHead(204, []);
    relay.onEnd();
    expect([await relay.beginning, written]).toEqual([{ kind: "begun" }, ["204", "end"]]);
  });
});

test("the silence of a stream whose client does not read is not the upstream's", () => {
  const relay = startRelay("pass");
  relay.onHead(200, sse);
  hasRoom = false;
  expect(relay.onData(event)).toBe(false);
  clock.advance(60_000);
  clock.advance(60_000);
  expect(ends).toEqual([]);
  drain?.();
  expect(flowed).toEqual(["resume"]);
  relay.end.catch(() => {});
  clock.advance(60_000);
  expect(written.at(-1)).toContain("silent for 60 s");
  expect(clock.waiting).toEqual([]);
});

test("a client that leaves before the head ends the attempt, and no timer is left", async () => {
  const relay = startRelay("pass");
  relay.cancel();
  expect([await relay.beginning, ends, flowed]).toEqual([
    { kind: "gone" },
    [{ status: 0, error: undefined, isSent: true, isCancelled: true }],
    ["cancel"],
  ]);
  relay.onHead(200, sse);
  expect([written, clock.waiting]).toEqual([[], []]);
});
