import type { Secret } from "../../../core/secret.ts";
import type { EmbedderAuth } from "../../embedder.ts";

/** One resolved part of `embeddings.auth`. */
export interface Credential {
  readonly place: "header" | "query" | "body";
  readonly name: string;
  readonly secret: Secret;
}

/** Read for every call: the lookup behind `value` caches, and renews what was rotated. */
export async function readCredentials(
  auth: EmbedderAuth | undefined,
  signal: AbortSignal,
): Promise<readonly Credential[]> {
  const { header, parameter } = auth ?? {};
  const credentials: Credential[] = [];
  if (header !== undefined) {
    credentials.push({ place: "header", name: header.name, secret: await header.value({ signal }) });
  }
  if (parameter !== undefined) {
    credentials.push({ place: parameter.location, name: parameter.name, secret: await parameter.value({ signal }) });
  }
  return credentials;
}
