import { isJsonObject } from "../../core/json.ts";
import type { UpstreamRequest } from "../../core/http-message.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import type { Built } from "../../llm/provider.ts";
import { namesInConnection, notForwarded } from "../../upstream/headers.ts";
import type { ExchangeRequest } from "../plugin.ts";
import type { CompiledTarget } from "./compile.ts";
import type { ReadyCredential } from "./target-credential.ts";

/**
 * The request for one target: the body in its provider's format, the client's headers and query without what is the gateway's own
 * business, and the target's credentials. `isRead`: gw reads the answer itself, or may have to add to it.
 */
export function buildRequest(
  { driver, targetFor, way, allowOverride }: CompiledTarget,
  call: ChatRequest,
  client: ExchangeRequest,
  credentials: readonly ReadyCredential[],
  { requestId, isRead }: { readonly requestId: string; readonly isRead: boolean },
): Built<UpstreamRequest> {
  const { request: bare, warnings } = way.build(call, targetFor(client));
  const clients = allowOverride
    ? credentials.filter((credential) => isGivenByClient(credential, client, call))
    : noCredentials;
  const forwarded = forwardHeaders(client, clients);
  const headers = bare.headers.length <= 2 ? forwarded : withoutNames(forwarded, namesOf(bare.headers));
  headers.push(...bare.headers, "accept-encoding", acceptedEncoding(client, isRead), "x-kong-request-id", requestId);
  const query = way.keyParameter === undefined ? client.query : withoutParameter(client.query, way.keyParameter);
  let request: UpstreamRequest = { ...bare, path: joinQuery(bare.path, query, driver.clientQuery), headers };
  for (const credential of credentials) {
    if (clients.includes(credential)) continue;
    request =
      credential.place === undefined
        ? credential.sign(request)
        : driver.authorize(request, credential.place, credential.secret);
  }
  return { request, warnings };
}

/**
 * Authorization, the headers of providers' keys and Cookie are the client's credentials for this gateway: they never travel on by
 * themselves. (Kong forwards cookies; it also removes Set-Cookie from answers, so no cookie can be the provider's.) Content-Type and
 * Accept-Encoding are set anew.
 */
const heldBack: ReadonlySet<string> = new Set([
  ...notForwarded,
  "authorization",
  "cookie",
  "x-api-key",
  "x-goog-api-key",
  "api-key",
  "x-amz-security-token",
  "content-type",
  "accept-encoding",
  "x-gw-debug",
  "x-kong-request-id",
]);
const noCredentials: readonly ReadyCredential[] = [];

function forwardHeaders({ rawHeaders }: ExchangeRequest, clients: readonly ReadyCredential[]): string[] {
  const headers: string[] = [];
  let named: ReadonlySet<string> | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const lower = name.toLowerCase();
    if (!heldBack.has(lower) || (clients.length > 0 && isHeaderOf(clients, lower))) headers.push(name, value);
    else if (lower === "connection") named = namesInConnection(value);
  }
  return named === undefined ? headers : withoutNames(headers, named);
}

function withoutNames(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? "");
  }
  return kept;
}

/** In lower case. */
function namesOf(headers: readonly string[]): ReadonlySet<string> {
  return new Set(headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
}

function isHeaderOf(credentials: readonly ReadyCredential[], name: string): boolean {
  return credentials.some(({ place }) => place?.in === "header" && place.name.toLowerCase() === name);
}

/** `auth.allow_override`: a client's own credential in the same place wins. */
function isGivenByClient({ place }: ReadyCredential, client: ExchangeRequest, { body }: ChatRequest): boolean {
  if (place === undefined) return false;
  if (place.in === "header") return client.header(place.name.toLowerCase()) !== undefined;
  if (place.in === "query") return new URLSearchParams(client.query).has(place.name);
  return isJsonObject(body) && body[place.name] !== undefined;
}

/** Bytes that gw has to read, or may have to add an event to, must come as they are. */
function acceptedEncoding(client: ExchangeRequest, isRead: boolean): string {
  if (isRead) return "identity";
  return client.header("accept-encoding")?.includes("gzip") === true ? "gzip, identity" : "identity";
}

/**
 * The endpoint's own query comes first; `query` is empty or starts with `?`. Of the parameter `clients` only the client's is kept, if there
 * is one.
 */
function joinQuery(path: string, query: string, clients: string | undefined): string {
  if (query.length <= 1) return path;
  const own = clients !== undefined && new URLSearchParams(query).has(clients) ? withoutParameter(path, clients) : path;
  return own.includes("?") ? `${own}&${query.slice(1)}` : own + query;
}

function withoutParameter(path: string, name: string): string {
  const [pathname = "", query = ""] = path.split("?");
  const kept = query.split("&").filter((parameter) => !parameter.startsWith(`${name}=`));
  return kept.length === 0 ? pathname : `${pathname}?${kept.join("&")}`;
}
