import { assertNever } from "../core/assert-never.ts";
import { ConfigError, RequestError } from "../core/errors.ts";
import type { UpstreamRequest } from "../core/http-message.ts";
import type { JsonObject } from "../core/json.ts";
import type { Secret } from "../core/secret.ts";
import type { ChatRequest } from "./chat.ts";
import type { Built, CredentialPlace, Endpoint, ProviderDriver, ProviderTarget } from "./provider.ts";
import { type MemberEdit, spliceMembers } from "./splice.ts";

/** What differs between vendors that speak OpenAI's chat format. */
export interface OpenAiCompatibleVendor {
  readonly name: string;
  /** The full URL of chat completions. */
  readonly chatUrl: string;
}

/** A driver for a vendor that speaks OpenAI's format: the client's bytes travel on, with a few members set. */
export function openAiCompatible(vendor: OpenAiCompatibleVendor): ProviderDriver {
  return {
    name: vendor.name,
    endpoint: (options) => toEndpoint(vendor, options),
    buildChat,
    authorize,
  };
}

function toEndpoint({ name, chatUrl }: OpenAiCompatibleVendor, options: JsonObject): Endpoint {
  const { upstream_url: upstreamUrl, upstream_path: upstreamPath } = options;
  if (typeof upstreamUrl === "string") return split(parseUrl(name, upstreamUrl));
  const usual = new URL(chatUrl);
  if (typeof upstreamPath !== "string") return split(usual);
  return split(new URL(`${usual.origin}/${upstreamPath.replace(/^\/+/, "")}`));
}

function split(url: URL): Endpoint {
  return { origin: url.origin, path: `${url.pathname.replace(/^\/+/, "/")}${url.search}` };
}

function parseUrl(provider: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  const message = `model.options.upstream_url of a target with provider "${provider}" must be a full http:// or https:// URL without user and password.`;
  throw new ConfigError(message, [{ severity: "error", code: "upstream-url-invalid", message }]);
}

const jsonHeaders: readonly string[] = ["content-type", "application/json"];

function buildChat(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const request: UpstreamRequest = {
    method: "POST",
    origin: target.endpoint.origin,
    path: target.endpoint.path,
    headers: jsonHeaders,
    body: spliceMembers(call.bytes, chatEdits(call, target)),
  };
  return { request, warnings: [] };
}

/**
 * The model is set even when it is the same: a body that names two would otherwise reach another than was chosen. OpenAI's format has no
 * `top_k`: Kong removes it, whoever asked for it.
 */
function chatEdits(call: ChatRequest, target: ProviderTarget): MemberEdit[] {
  const { body } = call;
  const edits: MemberEdit[] = [];
  const model = target.model ?? call.model;
  if (model === undefined)
    throw new RequestError("GW_REQUEST_INVALID", "model parameter not found in request, nor in gateway configuration");
  edits.push({ name: "model", json: JSON.stringify(model) });
  // Something odd that the client sent is the provider's to refuse.
  if (call.isStream || typeof (body["stream"] ?? false) === "boolean")
    edits.push({ name: "stream", json: String(call.isStream) });
  for (const name of ["max_tokens", "temperature", "top_p"]) {
    const value = target.options[name];
    if (typeof value !== "number" || (target.clientParams && isGiven(body[name]))) continue;
    edits.push({ name, json: JSON.stringify(value) });
  }
  if (body["top_k"] !== undefined) edits.push({ name: "top_k", json: undefined });
  return edits;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function authorize(request: UpstreamRequest, place: CredentialPlace, credential: Secret): UpstreamRequest {
  switch (place.in) {
    case "header":
      return { ...request, headers: setHeader(request.headers, place.name, credential.reveal()) };
    case "query":
      return { ...request, path: setQuery(request.path, place.name, credential.reveal()) };
    case "body":
      return { ...request, body: setMember(request, place.name, credential.reveal()) };
    default:
      return assertNever(place);
  }
}

function setHeader(headers: readonly string[], name: string, value: string): string[] {
  const lower = name.toLowerCase();
  const isSame = (key: string): boolean => key.length === lower.length && key.toLowerCase() === lower;
  const others: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const key = headers[index] ?? "";
    if (!isSame(key)) others.push(key, headers[index + 1] ?? "");
  }
  others.push(name, value);
  return others;
}

function setQuery(path: string, name: string, value: string): string {
  const [pathname, query] = splitQuery(path);
  const parameters = new URLSearchParams(query);
  parameters.set(name, value);
  return `${pathname}?${parameters.toString()}`;
}

function splitQuery(path: string): [string, string] {
  const mark = path.indexOf("?");
  return mark === -1 ? [path, ""] : [path.slice(0, mark), path.slice(mark + 1)];
}

function setMember({ body }: UpstreamRequest, name: string, value: string): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : "{}");
  return spliceMembers(bytes, [{ name, json: JSON.stringify(value) }]);
}
