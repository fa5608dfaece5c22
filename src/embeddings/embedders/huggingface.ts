import { readLists } from "./http/api.ts";
import { httpEmbedder } from "./http/embedder.ts";
import { endpointUrl, optionOf } from "./http/settings.ts";

/** What Text Embeddings Inference, behind most of Hugging Face's endpoints, takes if nothing else is set. */
const MAX_TEXTS = 32;

/** https://huggingface.co/docs/inference-providers/tasks/feature-extraction. A model's vectors have the length that they have. */
export const huggingfaceEmbedder = httpEmbedder({
  name: "huggingface",
  fixedDimensions: new Map(),
  open(settings) {
    const model = settings.model.split("/").map(encodeURIComponent).join("/");
    const usual = `https://router.huggingface.co/hf-inference/models/${model}/pipeline/feature-extraction`;
    return {
      url: endpointUrl(settings, () => usual),
      headers: [
        ...switchHeader("x-use-cache", optionOf(settings, "use_cache")),
        ...switchHeader("x-wait-for-model", optionOf(settings, "wait_for_model")),
      ],
      maxTexts: MAX_TEXTS,
      body: (texts) => ({ inputs: texts }),
      read: readLists,
    };
  },
});

function switchHeader(name: string, value: string | boolean | undefined): readonly string[] {
  return value === undefined ? [] : [name, String(value)];
}
