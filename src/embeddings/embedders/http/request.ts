import type { UpstreamRequest } from "../../../core/http-message.ts";
import type { Credential } from "./credential.ts";

const HEADERS = ["content-type", "application/json", "accept", "application/json", "accept-encoding", "identity"];

interface EmbeddingsCall {
  readonly url: URL;
  readonly headers: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

export function buildRequest(
  { url, headers, body }: EmbeddingsCall,
  credentials: readonly Credential[],
): UpstreamRequest {
  const withCredentials = new URL(url);
  for (const [name, value] of revealed(credentials, "query")) withCredentials.searchParams.set(name, value);
  return {
    method: "POST",
    origin: url.origin,
    path: `${withCredentials.pathname}${withCredentials.search}`,
    headers: [...HEADERS, ...headers, ...revealed(credentials, "header").flat()],
    body: JSON.stringify({ ...body, ...Object.fromEntries(revealed(credentials, "body")) }),
  };
}

function revealed(credentials: readonly Credential[], place: Credential["place"]): readonly [string, string][] {
  return credentials
    .filter((credential) => credential.place === place)
    .map(({ name, secret }) => [name, secret.reveal()]);
}
