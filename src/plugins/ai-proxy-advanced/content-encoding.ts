import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { UnreadableAnswer } from "../../llm/answer.ts";

/** undefined when the bytes are what they are. */
export function contentEncoding(headers: readonly string[]): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== "content-encoding") continue;
    const encoding = headers[index + 1]?.trim().toLowerCase();
    return encoding === "identity" ? undefined : encoding;
  }
  return undefined;
}

/** For answers that were asked for uncompressed and came compressed. Throws UnreadableAnswer, also beyond `maxBytes`. */
export function decodeContent(body: Buffer, encoding: string | undefined, maxBytes: number): Buffer {
  if (encoding === undefined) return body;
  const decode = decoders[encoding];
  if (decode === undefined) throw new UnreadableAnswer(`it is encoded as ${encoding}`);
  try {
    return decode(body, { maxOutputLength: maxBytes });
  } catch {
    throw new UnreadableAnswer(`it is not what ${encoding} makes, or too large`);
  }
}

const decoders: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};
