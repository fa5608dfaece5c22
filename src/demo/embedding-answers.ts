import type { JsonObject } from "../core/json.ts";
import type { Embedder } from "../embeddings/embedder.ts";

export interface EmbeddingCall {
  readonly model: string;
  readonly input: readonly string[];
  /** What the request asks for; undefined leaves it to the model. */
  readonly dimensions: number | undefined;
  readonly format: "float" | "base64";
}

/** Undefined when a provider would refuse the body. Token arrays, which OpenAI also takes, are not simulated. */
export function readEmbeddingCall(body: JsonObject | undefined): EmbeddingCall | undefined {
  if (body === undefined || typeof body["model"] !== "string") return undefined;
  const input = typeof body["input"] === "string" ? [body["input"]] : body["input"];
  if (!isTextList(input)) return undefined;
  const dimensions = body["dimensions"] ?? body["output_dimension"];
  return {
    model: body["model"],
    input,
    dimensions: typeof dimensions === "number" ? dimensions : undefined,
    format: body["encoding_format"] === "base64" ? "base64" : "float",
  };
}

/**
 * Real vectors of `embedder`, with zeros appended up to `dimensions`: that changes neither lengths nor angles.
 * `dimensions` is at least the embedder's. Rejects as the embedder does.
 */
export async function embeddingList(
  call: EmbeddingCall,
  dimensions: number,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<JsonObject> {
  const vectors = await embedder.embed(call.input, { signal });
  const tokens = call.input.reduce((sum, text) => sum + (text.match(/\S+/g)?.length ?? 0), 0);
  const data = vectors.map((vector, index) => {
    const padded = new Float32Array(dimensions);
    padded.set(vector);
    return { object: "embedding", index, embedding: call.format === "base64" ? base64Of(padded) : [...padded] };
  });
  return { object: "list", data, model: call.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function isTextList(input: unknown): input is readonly string[] {
  return Array.isArray(input) && input.length > 0 && input.every((text) => typeof text === "string" && text !== "");
}

/** OpenAI's base64 is the little-endian float32 array. */
function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString("base64");
}
