import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EncoderPool } from "../../../../../src/embeddings/embedders/local/encoder-pool.ts";
import { openEncoderFiles } from "../../../../../src/embeddings/embedders/local/encoder-files.ts";

const { signal } = new AbortController();
const script = new URL("../../../../support/scripted-encoder.js", import.meta.url);

describe("EncoderPool", () => {
  let pool: EncoderPool;
  beforeEach(() => {
    pool = new EncoderPool({ script, threads: 1 });
  });
  afterEach(async () => await pool.close());

  const encode = async (text: string) => (await pool.encode([text], signal))[0]?.[0];
  const encodeAll = async (texts: readonly string[]) => await Promise.allSettled(texts.map(encode));

  it("answers a list in its order", async () => {
    const vectors = await pool.encode(["abc", "a", "", "ab"], signal);
    expect(vectors.map(([length]) => length)).toEqual([3, 1, 0, 2]);
  });

  it("starts another thread only when all have their hands full, with a workspace of its own, and not more than it may", async () => {
    const two = new EncoderPool({ script, threads: 2 });
    const threadsOf = async (count: number) => {
      const vectors = await two.encode(
        Array.from({ length: count }, () => "thread"),
        signal,
      );
      return new Set(vectors.map(([thread]) => thread));
    };
    expect(await threadsOf(2)).toEqual(new Set([0]));
    expect(await threadsOf(40)).toEqual(new Set([0, 1]));
    await two.close();
  });

  it.each([
    ["throw", "The local encoder stopped (RangeError). The next request starts it again."],
    ["exit", "The local encoder stopped. The next request starts it again."],
  ])("fails what a thread had when it dies by %s, and starts another for what waits", async (death, message) => {
    const reason = expect.objectContaining({ code: "GW_EMBEDDING_FAILED", message }) as Error;
    const rejected = { status: "rejected", reason };
    expect(await encodeAll([death, "hang", "next"])).toEqual([rejected, rejected, { status: "fulfilled", value: 4 }]);
  });

  it("gives up a list of which one text failed", async () => {
    const texts = ["a", "refuse", "b", "exit", "c"];
    await expect(pool.encode(texts, signal)).rejects.toThrow("(TypeError)");
    expect(await encode("next")).toBe(4);
  });

  it("fails one call when the model refuses its text, and does not quote it", async () => {
    const message = "The local encoder could not read a text of 6 characters (TypeError).";
    expect(await encodeAll(["a", "refuse", "bcd"])).toEqual([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: expect.objectContaining({ code: "GW_EMBEDDING_FAILED", message }) as Error },
      { status: "fulfilled", value: 3 },
    ]);
  });

  it("fails when there is no such thread to start", async () => {
    const missing = new EncoderPool({ script: new URL("./missing.js", import.meta.url) });
    await expect(missing.encode(["hello"], signal)).rejects.toMatchObject({ code: "GW_EMBEDDING_FAILED" });
  });

  it("says what to do when the weights are missing, and looks for them again with the next call", async () => {
    const folders = [new URL("./nowhere/", import.meta.url), undefined];
    const late = new EncoderPool({ script, open: async (threads) => await openEncoderFiles(threads, folders.shift()) });
    await expect(late.encode(["hello"], signal)).rejects.toMatchObject({
      code: "GW_EMBEDDING_FAILED",
      message: expect.stringContaining("npm run build") as string,
    });
    expect(await late.encode(["hello"], signal)).toEqual([Float32Array.of(5)]);
    await late.close();
  });

  it("takes calls in turns, so that a request does not wait for a long list", async () => {
    const order: string[] = [];
    const list = pool
      .encode(
        Array.from({ length: 50 }, () => "a"),
        signal,
      )
      .then(() => order.push("list"));
    const request = pool.encode(["b"], signal).then(() => order.push("request"));
    await Promise.all([list, request]);
    expect(order).toEqual(["request", "list"]);
  });

  it("never sends a text whose caller gave up while it waited", async () => {
    const ahead = ["a", "bc"].map(encode);
    const leaver = new AbortController();
    const left = pool.encode(["exit"], leaver.signal);
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    await Promise.all(ahead);
    expect(await encodeAll(["def", "ghij"])).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
  });

  it("rejects a caller who gives up while a thread works on the text, and serves the others", async () => {
    await encode("started");
    const leaver = new AbortController();
    const left = pool.encode(["hold"], leaver.signal);
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(await encode("next")).toBe(4);
  });

  it("fails what is pending when it is closed, and all that comes after", async () => {
    await encode("started");
    const pending = encodeAll(["hang", "hang", "waits"]);
    await setImmediate();
    await pool.close();
    const reason = expect.objectContaining({ message: "The local encoder was closed." }) as Error;
    const rejected = { status: "rejected", reason };
    expect(await pending).toEqual([rejected, rejected, rejected]);
    await expect(encode("late")).rejects.toThrow("was closed");
  });
});
