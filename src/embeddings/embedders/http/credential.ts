import type { Secret } from "../../../core/secret.ts";
import type { EmbedderAuth, NamedEmbedderSecret } from "../../embedder.ts";

/** One resolved part of `embeddings.auth`. */
export interface Credential {
  readonly place: "header" | "query" | "body";
  readonly name: string;
  readonly secret: Secret;
  /** The same with another secret; itself when there is no other. */
  renew(): Promise<Credential>;
}

/** Read for every call: the lookup behind `value` caches, and renews what was rotated. */
export async function readCredentials(
  auth: EmbedderAuth | undefined,
  signal: AbortSignal,
): Promise<readonly Credential[]> {
  const { header, parameter } = auth ?? {};
  const credentials: Credential[] = [];
  if (header !== undefined) credentials.push(await read(header, "header", signal));
  if (parameter !== undefined) credentials.push(await read(parameter, parameter.location, signal));
  return credentials;
}

async function read(source: NamedEmbedderSecret, place: Credential["place"], signal: AbortSignal): Promise<Credential> {
  const name = typeof source.name === "string" ? source.name : await source.name();
  const withSecret = (secret: Secret): Credential => {
    const credential: Credential = {
      place,
      name,
      secret,
      async renew() {
        const renewed = (await source.renew?.(secret)) ?? secret;
        return renewed === secret ? credential : withSecret(renewed);
      },
    };
    return credential;
  };
  return withSecret(await source.value({ signal }));
}
