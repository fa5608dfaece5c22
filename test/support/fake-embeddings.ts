import { createHash } from "node:crypto";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "./fake-upstream.ts";

/** The body of an embeddings request; both names of the wish for a length. */
export interface EmbeddingsBody {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
  readonly output_dimension?: number;
}

/** A loopback embeddings endpoint: each text has a vector of its own, answered in reverse order as the format allows. */
export async function startFakeEmbeddings(modelDimensions: number): Promise<FakeUpstream> {
  return await startFakeUpstream({ reply: (request) => answerAs(formats.openai, request, modelDimensions) });
}

/** The same in the format that the path belongs to. */
export async function startFakeVendors(modelDimensions: number): Promise<FakeUpstream> {
  return await startFakeUpstream({
    reply: (request) => {
      const format = Object.values(formats).find(({ path }) => path.test(request.path.split("?")[0] ?? ""));
      if (format === undefined) request.answer(404, {}, "{}");
      else answerAs(format, request, modelDimensions);
    },
  });
}

export function vectorOf(text: string, length: number): readonly number[] {
  const bytes = createHash("sha256").update(text).digest();
  return Array.from({ length }, (_, position) => (bytes[position % bytes.length] ?? 0) / 256 + 0.001);
}

/** How a vendor's requests are read and its answers written. */
interface Format<Body> {
  readonly path: RegExp;
  readonly texts: (body: Body) => readonly string[];
  readonly length: (body: Body) => number | undefined;
  readonly answer: (vectors: readonly (readonly number[])[]) => unknown;
}

interface GeminiContent {
  readonly content: { readonly parts: readonly { readonly text: string }[] };
  readonly outputDimensionality?: number;
}

interface VertexBody {
  readonly instances: readonly { readonly content: string }[];
  readonly parameters?: { readonly outputDimensionality: number };
}

const textOf = ({ content }: GeminiContent): string => content.parts.map(({ text }) => text).join("");

const formats = {
  openai: format<EmbeddingsBody>({
    path: /\/embeddings$/u,
    texts: ({ input }) => input,
    length: ({ dimensions, output_dimension }) => dimensions ?? output_dimension,
    answer(vectors) {
      const data = vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
      return { object: "list", model: "m", data: data.toReversed(), usage: { prompt_tokens: 1, total_tokens: 1 } };
    },
  }),
  ollama: format<EmbeddingsBody>({
    path: /\/api\/embed$/u,
    texts: ({ input }) => input,
    length: ({ dimensions }) => dimensions,
    answer: (embeddings) => ({ model: "m", embeddings, total_duration: 1, prompt_eval_count: 1 }),
  }),
  huggingface: format<{ readonly inputs: readonly string[] }>({
    path: /\/pipeline\/feature-extraction$/u,
    texts: ({ inputs }) => inputs,
    length: () => undefined,
    answer: (vectors) => vectors,
  }),
  geminiBatch: format<{ readonly requests: readonly GeminiContent[] }>({
    path: /:batchEmbedContents$/u,
    texts: ({ requests }) => requests.map(textOf),
    length: ({ requests }) => requests[0]?.outputDimensionality,
    answer: (vectors) => ({ embeddings: vectors.map((values) => ({ values })) }),
  }),
  geminiSingle: format<GeminiContent>({
    path: /:embedContent$/u,
    texts: (body) => [textOf(body)],
    length: ({ outputDimensionality }) => outputDimensionality,
    answer: ([values]) => ({ embedding: { values } }),
  }),
  titan: format<{ readonly inputText: string; readonly dimensions?: number }>({
    path: /titan[^/]*\/invoke$/u,
    texts: ({ inputText }) => [inputText],
    length: ({ dimensions }) => dimensions,
    answer: ([embedding]) => ({ embedding, inputTextTokenCount: 1 }),
  }),
  cohere: format<{ readonly texts: readonly string[]; readonly output_dimension?: number }>({
    path: /cohere[^/]*\/invoke$/u,
    texts: ({ texts }) => texts,
    length: ({ output_dimension }) => output_dimension,
    answer: (float) => ({ id: "x", embeddings: { float }, texts: [], response_type: "embeddings_by_type" }),
  }),
  vertex: format<VertexBody>({
    path: /:predict$/u,
    texts: ({ instances }) => instances.map(({ content }) => content),
    length: ({ parameters }) => parameters?.outputDimensionality,
    answer: (vectors) => ({ predictions: vectors.map((values) => ({ embeddings: { values, statistics: {} } })) }),
  }),
};

/** A format with its body's type forgotten: bodies come as JSON. */
function format<Body>(known: Format<Body>): Format<unknown> {
  return known as Format<unknown>;
}

function answerAs({ texts, length, answer }: Format<unknown>, request: ReceivedRequest, modelDimensions: number): void {
  const body: unknown = JSON.parse(request.body.toString());
  const vectors = texts(body).map((text) => vectorOf(text, length(body) ?? modelDimensions));
  request.answer(200, { "content-type": "application/json" }, JSON.stringify(answer(vectors)));
}
