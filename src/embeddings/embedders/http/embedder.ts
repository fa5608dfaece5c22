import { GwError } from "../../../core/errors.ts";
import type { UpstreamResponse } from "../../../core/http-message.ts";
import type { Upstream } from "../../../upstream/upstream.ts";
import type { EmbedderCloud, EmbedderDefinition, EmbedderSettings } from "../../embedder.ts";
import { toVectors } from "./answer.ts";
import type { EmbeddingsApi, EmbeddingsEndpoint } from "./api.ts";
import { batchTexts } from "./batch.ts";
import { type Credential, readCredentials } from "./credential.ts";
import { toEmbeddingError } from "./failure.ts";
import { parseBody } from "./parse-body.ts";
import { buildRequest } from "./request.ts";

/** 256 vectors of 3,072 numbers, some 24 bytes each in JSON, are 19 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Requests under way at once to an endpoint that takes one text each: thirty descriptions should not take thirty round trips. */
const MAX_SINGLE = 8;

/** An embedder that asks a server, whose format `api` knows. */
export function httpEmbedder(api: EmbeddingsApi): EmbedderDefinition {
  return {
    name: api.name,
    async create(settings, { upstream }) {
      checkDimensions(api, settings);
      const endpoint = api.open(settings);
      const embedBatch = batchEmbedder(api, { settings, endpoint, upstream });
      const atOnce = endpoint.maxTexts === 1 ? MAX_SINGLE : 1;
      return {
        name: api.name,
        model: settings.model,
        dimensions: settings.dimensions,
        async embed(texts, { signal }) {
          const batches = batchTexts(texts, endpoint.maxTexts);
          const vectors: Float32Array[] = [];
          for (let start = 0; start < batches.length; start += atOnce) {
            const some = batches.slice(start, start + atOnce);
            vectors.push(...(await Promise.all(some.map((batch) => embedBatch(batch, signal)))).flat());
          }
          return vectors;
        },
        async close() {},
      };
    },
  };
}

interface Parts {
  readonly settings: EmbedderSettings;
  readonly endpoint: EmbeddingsEndpoint;
  readonly upstream: Upstream;
}

type EmbedBatch = (texts: readonly string[], signal: AbortSignal) => Promise<readonly Float32Array[]>;

function batchEmbedder(api: EmbeddingsApi, { settings, endpoint, upstream }: Parts): EmbedBatch {
  const { model, dimensions, upstreamUrl } = settings;
  const { url, headers = [] } = endpoint;
  let asksForLength = !api.fixedDimensions.has(model);
  return async (texts, signal) => {
    const ask = async (wish: boolean): Promise<Answer> => {
      const send = async (credentials: readonly Credential[]): Promise<UpstreamResponse> => {
        const request = buildRequest({ url, headers, body: endpoint.body(texts, wish) }, credentials);
        const authorized = (await settings.auth?.cloud?.authorize(request)) ?? request;
        return await upstream.collect(authorized, { signal, maxBytes: MAX_ANSWER_BYTES });
      };
      return await sendRenewed(send, await readCredentials(settings.auth, signal), settings.auth?.cloud);
    };
    const first = await ask(asksForLength);
    const isLengthRefused = asksForLength && upstreamUrl !== undefined && refusesLength(first.response);
    if (isLengthRefused) asksForLength = false;
    const { response, credentials } = isLengthRefused ? await ask(false) : first;
    const asked = { provider: api.name, model, dimensions, texts, credentials };
    if (response.status !== 200) throw toEmbeddingError(response, asked);
    return toVectors(endpoint.read(parseBody(response.body)), asked);
  };
}

/** A server of the user's own may serve a model of one length only, and say so: vLLM "does not support matryoshka representation". */
function refusesLength({ status, body }: UpstreamResponse): boolean {
  return (status === 400 || status === 422) && /dimension|matryoshka/i.test(body.subarray(0, 4096).toString());
}

interface Answer {
  readonly response: UpstreamResponse;
  readonly credentials: readonly Credential[];
}

/** When the provider refuses the key and there is another by now, the request is sent once more with that. */
async function sendRenewed(
  send: (credentials: readonly Credential[]) => Promise<UpstreamResponse>,
  credentials: readonly Credential[],
  cloud: EmbedderCloud | undefined,
): Promise<Answer> {
  const response = await send(credentials);
  if (response.status !== 401 && response.status !== 403) return { response, credentials };
  const renewed = await Promise.all(credentials.map(async (credential) => await credential.renew()));
  const isSame = renewed.every((credential, index) => credential === credentials[index]);
  if (isSame && (await cloud?.renew()) !== true) return { response, credentials };
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
