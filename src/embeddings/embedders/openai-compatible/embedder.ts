import { GwError } from "../../../core/errors.ts";
import type { UpstreamResponse } from "../../../core/http-message.ts";
import type { EmbedderDefinition, EmbedderSettings } from "../../embedder.ts";
import { readVectors } from "./answer.ts";
import { batchTexts } from "./batch.ts";
import { type Credential, readCredentials } from "./credential.ts";
import { toEmbeddingError } from "./failure.ts";
import { buildRequest } from "./request.ts";

/** What differs between vendors that speak OpenAI's embeddings format. */
export interface EmbeddingsApi {
  readonly name: string;
  readonly url: string;
  /** The request field that asks for vectors of `vectordb.dimensions` numbers. */
  readonly dimensionsField: string;
  /** Models that refuse that field, with the length of their vectors. */
  readonly fixedDimensions: ReadonlyMap<string, number>;
}

/** 256 vectors of 3,072 numbers, some 24 bytes each in JSON, are 19 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export function openaiCompatibleEmbedder(api: EmbeddingsApi): EmbedderDefinition {
  return {
    name: api.name,
    async create(settings, { upstream }) {
      checkDimensions(api, settings);
      const url = parseUrl(api, settings);
      const { model, dimensions } = settings;

      const embedBatch = async (texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]> => {
        const wish = dimensionsWish(api, settings);
        const send = async (credentials: readonly Credential[]): Promise<UpstreamResponse> => {
          const request = buildRequest({ url, model, texts, wish }, credentials);
          return await upstream.collect(request, { signal, maxBytes: MAX_ANSWER_BYTES });
        };
        const { response, credentials } = await sendRenewed(send, await readCredentials(settings.auth, signal));
        const asked = { provider: api.name, model, dimensions, texts, credentials };
        if (response.status !== 200) throw toEmbeddingError(response, asked);
        return readVectors(response, asked);
      };

      return {
        name: api.name,
        model,
        dimensions,
        async embed(texts, { signal }) {
          const vectors: Float32Array[] = [];
          for (const batch of batchTexts(texts)) vectors.push(...(await embedBatch(batch, signal)));
          return vectors;
        },
        async close() {},
      };
    },
  };
}

/** When the provider refuses the key and there is another by now, the request is sent once more with that. */
async function sendRenewed(
  send: (credentials: readonly Credential[]) => Promise<UpstreamResponse>,
  credentials: readonly Credential[],
): Promise<{ readonly response: UpstreamResponse; readonly credentials: readonly Credential[] }> {
  const response = await send(credentials);
  if (response.status !== 401 && response.status !== 403) return { response, credentials };
  const renewed = await Promise.all(credentials.map(async (credential) => await credential.renew()));
  if (renewed.every((credential, index) => credential === credentials[index])) return { response, credentials };
  return { response: await send(renewed), credentials: renewed };
}

/** A server of the user's own may serve any vectors under the name of a known model: its answer tells. */
function checkDimensions(api: EmbeddingsApi, { model, dimensions, upstreamUrl }: EmbedderSettings): void {
  const fixed = api.fixedDimensions.get(model);
  if (fixed === undefined || fixed <= dimensions || upstreamUrl !== undefined) return;
  throw new GwError(
    "GW_CONFIG_INVALID",
    `The embedding model ${api.name}/${model} always returns ${fixed} numbers, but vectordb.dimensions is ${dimensions}. Set vectordb.dimensions to ${fixed}.`,
  );
}

function parseUrl(api: EmbeddingsApi, { upstreamUrl = api.url }: EmbedderSettings): URL {
  const url = URL.canParse(upstreamUrl) ? new URL(upstreamUrl) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new GwError(
    "GW_CONFIG_INVALID",
    `embeddings.model.options.upstream_url is not the URL of an embeddings endpoint. Write all of it, as in ${api.url}.`,
  );
}

function dimensionsWish(api: EmbeddingsApi, { model, dimensions }: EmbedderSettings): Readonly<Record<string, number>> {
  return api.fixedDimensions.has(model) ? {} : { [api.dimensionsField]: dimensions };
}
