import { type ErrorDetails, GwError } from "../core/errors.ts";

/** GW_EMBEDDING_FAILED: a model was asked for vectors and gave none that can be used. `details.status` is the provider's, when it answered. */
export class EmbeddingError extends GwError {
  constructor(message: string, details?: ErrorDetails) {
    super("GW_EMBEDDING_FAILED", message, details === undefined ? {} : { details });
  }
}
