import { RequestError } from "../core/errors.ts";
import type { UpstreamRequest } from "../core/http-message.ts";
import type { JsonObject } from "../core/json.ts";
import { authorize } from "./authorize.ts";
import type { ChatRequest } from "./chat.ts";
import { endpointOf } from "./endpoint.ts";
import type { Built, Endpoint, ProviderDriver, ProviderTarget } from "./provider.ts";
import { optionMembers, pathFor } from "./operations.ts";
import { type MemberEdit, spliceMembers } from "./splice.ts";

/** What differs between vendors that speak OpenAI's chat format. */
export interface OpenAiCompatibleVendor {
  readonly name: string;
  /** Of chat completions: the full URL, or the place for the options of a target (llm/endpoint.ts). */
  readonly chat: string | ((options: JsonObject) => Endpoint);
  /** How to ask for what clients of other formats get unasked, or ask for by another name. */
  readonly translated?: {
    /** The name of `max_tokens`, where the newer models refuse that. */
    readonly limit?: "max_completion_tokens";
    /** The count of a stream comes unasked, and asking is an error. */
    readonly refusesStreamOptions?: true;
  };
}

/** A driver for a vendor that speaks OpenAI's format: the client's bytes travel on, with a few members set. */
export function openAiCompatible(vendor: OpenAiCompatibleVendor): ProviderDriver {
  const { name, chat } = vendor;
  return {
    name,
    endpoint(options, _model, operation = "chat") {
      const { origin, path } = typeof chat === "string" ? endpointOf(name, options, () => chat) : chat(options);
      return { origin, path: pathFor(path, operation) };
    },
    buildChat: (call, target) => buildChat(call, target, vendor),
    authorize,
  };
}

const nothingLost: readonly string[] = [];
const jsonHeaders: readonly string[] = ["content-type", "application/json"];

function buildChat(call: ChatRequest, target: ProviderTarget, vendor: OpenAiCompatibleVendor): Built<UpstreamRequest> {
  const edits = chatEdits(call, target);
  if (call.native !== undefined) addTranslatedEdits(edits, call, vendor);
  const request: UpstreamRequest = {
    method: "POST",
    origin: target.endpoint.origin,
    path: target.endpoint.path,
    headers: jsonHeaders,
    body: spliceMembers(call.bytes, edits),
  };
  return { request, warnings: call.body["top_k"] === undefined ? nothingLost : ["ignored:top_k"] };
}

/**
 * The model is set even when it is the same: a body that names two would otherwise reach another than was chosen. OpenAI's format has no
 * `top_k`: Kong removes it, whoever asked for it.
 */
function chatEdits(call: ChatRequest, target: ProviderTarget): MemberEdit[] {
  const { body } = call;
  const { operation = "chat" } = target;
  const edits: MemberEdit[] = [];
  const model = target.model ?? call.model;
  if (model === undefined)
    throw new RequestError("GW_REQUEST_INVALID", "model parameter not found in request, nor in gateway configuration");
  edits.push({ name: "model", json: JSON.stringify(model) });
  // Something odd that the client sent is the provider's to refuse.
  if (operation !== "embeddings" && (call.isStream || typeof (body["stream"] ?? false) === "boolean"))
    edits.push({ name: "stream", json: String(call.isStream) });
  for (const [option, name] of optionMembers[operation]) {
    const value = target.options[option];
    if (typeof value !== "number" || (target.clientParams && isGiven(body[name]))) continue;
    edits.push({ name, json: JSON.stringify(value) });
  }
  if (body["top_k"] !== undefined) edits.push({ name: "top_k", json: undefined });
  return edits;
}

/** For calls of clients that speak another format. */
function addTranslatedEdits(
  edits: MemberEdit[],
  { body, isStream }: ChatRequest,
  { translated }: OpenAiCompatibleVendor,
): void {
  if (isStream && translated?.refusesStreamOptions !== true)
    edits.push({ name: "stream_options", json: '{"include_usage":true}' });
  const { max_tokens: limit } = body;
  if (translated?.limit === undefined || !isGiven(limit) || edits.some(({ name }) => name === "max_tokens")) return;
  edits.push({ name: "max_tokens", json: undefined }, { name: translated.limit, json: JSON.stringify(limit) });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
