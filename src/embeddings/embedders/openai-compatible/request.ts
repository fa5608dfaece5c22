import type { UpstreamRequest } from "../../../core/http-message.ts";
import type { Credential } from "./credential.ts";

const HEADERS = ["content-type", "application/json", "accept", "application/json", "accept-encoding", "identity"];

interface EmbeddingsCall {
  readonly url: URL;
  readonly model: string;
  readonly texts: readonly string[];
  /** The field that asks for a length of the vectors, when the model takes it. */
  readonly wish: Readonly<Record<string, number>>;
}

/** Sends no `encoding_format`: plain numbers, the default, are what every server that imitates OpenAI agrees on. */
export function buildRequest(
  { url, model, texts, wish }: EmbeddingsCall,
  credentials: readonly Credential[],
): UpstreamRequest {
  const withCredentials = new URL(url);
  for (const [name, value] of revealed(credentials, "query")) withCredentials.searchParams.set(name, value);
  return {
    method: "POST",
    origin: url.origin,
    path: `${withCredentials.pathname}${withCredentials.search}`,
    headers: [...HEADERS, ...revealed(credentials, "header").flat()],
    body: JSON.stringify({ model, input: texts, ...wish, ...Object.fromEntries(revealed(credentials, "body")) }),
  };
}

function revealed(credentials: readonly Credential[], place: Credential["place"]): readonly [string, string][] {
  return credentials
    .filter((credential) => credential.place === place)
    .map(({ name, secret }) => [name, secret.reveal()]);
}
