import { GwError } from "../../../core/errors.ts";
import type { EmbedderDefinition, EmbedderSettings } from "../../embedder.ts";
import { MODEL_DIMENSIONS, centreVector } from "./centre.ts";
import { cleanText } from "./clean-text.ts";
import { shareEncoder } from "./shared-encoder.ts";

const MODEL = "universal-sentence-encoder-lite";

/**
 * Universal Sentence Encoder lite in 8-bit weights: English, 512 numbers, no key, no network. Its vectors are centred on a background mean
 * and normalised. The texts of a call are spread over the pool's threads; calls that come meanwhile get their turn in between.
 */
export const localEmbedder: EmbedderDefinition = {
  name: "local",
  async create(settings) {
    checkSettings(settings);
    const { dimensions } = settings;
    const encoder = shareEncoder();
    return {
      name: "local",
      model: MODEL,
      dimensions,
      async embed(texts, { signal }) {
        const raw = await encoder.encode(texts.map(cleanText), signal);
        return raw.map((vector) => centreVector(vector, dimensions));
      },
      close: () => encoder.close(),
    };
  },
};

function checkSettings({ model, dimensions }: EmbedderSettings): void {
  if (model !== MODEL) {
    throw new GwError(
      "GW_CONFIG_INVALID",
      `There is no local embedding model ${JSON.stringify(model)}. Set embeddings.model.name to ${MODEL}.`,
    );
  }
  if (dimensions < MODEL_DIMENSIONS) {
    throw new GwError(
      "GW_CONFIG_INVALID",
      `The local embedding model ${MODEL} returns ${MODEL_DIMENSIONS} numbers, but vectordb.dimensions is ${dimensions}. Set vectordb.dimensions to ${MODEL_DIMENSIONS}.`,
    );
  }
}
