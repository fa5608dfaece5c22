import { createHash } from "node:crypto";
import { type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";

/** The body of an embeddings request; both names of the wish for a length. */
export interface EmbeddingsBody {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
  readonly output_dimension?: number;
}

/** A loopback embeddings endpoint: each text has a vector of its own, answered in reverse order as the format allows. */
export async function startFakeEmbeddings(modelDimensions: number): Promise<FakeUpstream> {
  return await startFakeUpstream({
    reply: (request) => {
      const { model, input, dimensions, output_dimension } = JSON.parse(request.body.toString()) as EmbeddingsBody;
      const length = dimensions ?? output_dimension ?? modelDimensions;
      const data = input.map((text, index) => ({ object: "embedding", index, embedding: vectorOf(text, length) }));
      const answer = { object: "list", model, data: data.toReversed(), usage: { prompt_tokens: 1, total_tokens: 1 } };
      request.answer(200, { "content-type": "application/json" }, JSON.stringify(answer));
    },
  });
}

export function vectorOf(text: string, length: number): readonly number[] {
  const bytes = createHash("sha256").update(text).digest();
  return Array.from({ length }, (_, position) => (bytes[position % bytes.length] ?? 0) / 256 + 0.001);
}
