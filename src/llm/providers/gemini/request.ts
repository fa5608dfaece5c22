import type { UpstreamRequest } from "../../../core/http-message.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { ChatRequest } from "../../chat.ts";
import { readConversation, type Turn, type UserPart } from "../../conversation.ts";
import { withModel } from "../../endpoint.ts";
import { jsonRequest } from "../../json-request.ts";
import type { Built, Endpoint, ProviderTarget } from "../../provider.ts";
import { parseObject } from "../../read-answer.ts";
import { type ChatSettings, ignoredMembers, modelOf, readSettings } from "../../settings.ts";

export function buildChat(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { instructions, turns } = readConversation(call, target.provider);
  const settings = readSettings(call, target);
  const { tools } = settings;
  const body = {
    systemInstruction: instructions.length === 0 ? undefined : { parts: [{ text: instructions.join("\n\n") }] },
    contents: toContents(turns, modelOf(call, target).startsWith("gemini-3")),
    tools: tools.length === 0 ? undefined : [{ functionDeclarations: tools.map(toDeclaration) }],
    toolConfig: tools.length === 0 ? undefined : toToolConfig(settings),
    generationConfig: toGenerationConfig(call, settings),
  };
  const known = ["top_k", "seed", "frequency_penalty", "presence_penalty", "response_format"];
  return { request: jsonRequest(endpointFor(call, target), body), warnings: ignoredMembers(call, known) };
}

/** A stream has a method of its own, and comes as events only when asked to. */
function endpointFor(call: ChatRequest, target: ProviderTarget): Endpoint {
  const { origin, path } = target.endpoint;
  const named = withModel(path, modelOf(call, target));
  if (!call.isStream) return { origin, path: named };
  const [method = "", query] = named.replace(/:generateContent(?=$|\?)/, ":streamGenerateContent").split("?");
  return { origin, path: `${method}?${query === undefined ? "" : `${query}&`}alt=sse` };
}

interface Content {
  readonly role: "user" | "model";
  readonly parts: JsonObject[];
}

function toContents(turns: readonly Turn[], isStrict: boolean): readonly Content[] {
  const contents: Content[] = [];
  for (const turn of turns) {
    const role = turn.role === "assistant" ? "model" : "user";
    const parts = toParts(turn, isStrict);
    const last = contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) contents.push({ role, parts });
  }
  return contents;
}

/** https://ai.google.dev/gemini-api/docs/thought-signatures: for calls that another model made, or whose client has lost what came with them. */
const UNSIGNED = "skip_thought_signature_validator";

function toSignature(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { thoughtSignature: signature };
}

/** `isStrict`: the model refuses turns whose first call is not signed. */
function toParts(turn: Turn, isStrict: boolean): JsonObject[] {
  switch (turn.role) {
    case "user":
      return turn.parts.flatMap(toPart);
    case "assistant":
      return [
        ...textParts(turn.text),
        ...turn.toolCalls.map(({ name, input, signature }, index) => ({
          functionCall: { name, args: input },
          ...toSignature(signature ?? (index === 0 && isStrict ? UNSIGNED : undefined)),
        })),
      ];
    default:
      return [{ functionResponse: { name: turn.name, response: parseObject(turn.text) ?? { result: turn.text } } }];
  }
}

function toPart(part: UserPart): JsonObject[] {
  switch (part.kind) {
    case "text":
      return textParts(part.text);
    case "image-url":
      return [{ fileData: { ...typeOf(part.url), fileUri: part.url } }];
    default:
      return [{ inlineData: { mimeType: part.mediaType, data: part.data } }];
  }
}

/** Vertex wants to be told; a URL says it in its ending, or not at all. */
function typeOf(url: string): { readonly mimeType: string } | undefined {
  const kind = /\.(png|jpe?g|gif|webp|heic|heif)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase();
  return kind === undefined ? undefined : { mimeType: `image/${kind === "jpg" ? "jpeg" : kind}` };
}

function textParts(text: string): JsonObject[] {
  return text === "" ? [] : [{ text }];
}

function toDeclaration({ name, description, parameters }: ChatSettings["tools"][number]): object {
  return { name, description, parametersJsonSchema: parameters };
}

function toToolConfig({ toolChoice }: ChatSettings): object | undefined {
  if (toolChoice === undefined) return undefined;
  if (toolChoice.kind === "function")
    return { functionCallingConfig: { mode: "ANY", allowedFunctionNames: [toolChoice.name] } };
  return { functionCallingConfig: { mode: modes[toolChoice.kind] } };
}

const modes = { auto: "AUTO", none: "NONE", required: "ANY" } as const;

function toGenerationConfig({ body }: ChatRequest, { format, stop, ...settings }: ChatSettings): object {
  return {
    maxOutputTokens: settings.maxTokens,
    temperature: settings.temperature,
    topP: settings.topP,
    topK: settings.topK,
    stopSequences: stop.length === 0 ? undefined : stop,
    seed: body["seed"] ?? undefined,
    frequencyPenalty: body["frequency_penalty"] ?? undefined,
    presencePenalty: body["presence_penalty"] ?? undefined,
    responseMimeType: format === undefined ? undefined : "application/json",
    responseJsonSchema: format?.kind === "json-schema" ? format.schema : undefined,
  };
}
