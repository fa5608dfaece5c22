import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EncoderWorker } from "../../../../../src/embeddings/embedders/local/encoder-worker.ts";

const { signal } = new AbortController();
const script = new URL("../../../../support/scripted-encoder.js", import.meta.url);

describe("EncoderWorker", () => {
  let encoder: EncoderWorker;
  beforeEach(() => {
    encoder = new EncoderWorker(script);
  });
  afterEach(async () => await encoder.close());

  const encodeAll = async (texts: readonly string[]) =>
    await Promise.allSettled(texts.map((text) => encoder.encode(text, signal)));

  it.each([
    ["throw", "The local encoder stopped (RangeError). The next request starts it again."],
    ["exit", "The local encoder stopped. The next request starts it again."],
  ])(
    "fails what is pending when its thread dies by %s, and starts another for the next call",
    async (death, message) => {
      const reason = expect.objectContaining({ code: "GW_EMBEDDING_FAILED", message }) as Error;
      const rejected = { status: "rejected", reason };
      expect(await encodeAll(["hang", death, "hang"])).toEqual([rejected, rejected, rejected]);
      expect(await encoder.encode("next", signal)).toEqual(Float32Array.of(4));
    },
  );

  it("fails one call when the model refuses its text, and does not quote it", async () => {
    const message = "The local encoder could not read a text of 6 characters (TypeError).";
    expect(await encodeAll(["a", "refuse", "bcd"])).toEqual([
      { status: "fulfilled", value: Float32Array.of(1) },
      { status: "rejected", reason: expect.objectContaining({ code: "GW_EMBEDDING_FAILED", message }) as Error },
      { status: "fulfilled", value: Float32Array.of(3) },
    ]);
  });

  it("fails when there is no such thread to start", async () => {
    const missing = new EncoderWorker(new URL("./missing.js", import.meta.url));
    await expect(missing.encode("hello", signal)).rejects.toMatchObject({ code: "GW_EMBEDDING_FAILED" });
  });

  it("never sends a text whose caller gave up while it waited", async () => {
    const ahead = ["a", "bc"].map((text) => encoder.encode(text, signal));
    const leaver = new AbortController();
    const left = encoder.encode("exit", leaver.signal);
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    await Promise.all(ahead);
    expect(await encodeAll(["def", "ghij"])).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
  });

  it("rejects a caller who gives up while the model works on the text, and serves the others", async () => {
    const leaver = new AbortController();
    const left = encoder.encode("hang", leaver.signal);
    expect(await encoder.encode("other", signal)).toEqual(Float32Array.of(5));
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(await encoder.encode("next", signal)).toEqual(Float32Array.of(4));
  });

  it("fails what is pending when it is closed", async () => {
    const pending = encoder.encode("hang", signal);
    await Promise.all([encoder.close(), expect(pending).rejects.toThrow("was closed")]);
  });
});
