import { RequestError } from "../../../core/errors.ts";
import type { UpstreamRequest } from "../../../core/http-message.ts";
import type { ChatRequest } from "../../chat.ts";
import { readConversation, type Turn, type UserPart } from "../../conversation.ts";
import { jsonRequest } from "../../json-request.ts";
import type { Built, ProviderTarget } from "../../provider.ts";
import { type ChatSettings, ignoredMembers, modelOf, readSettings } from "../../settings.ts";

export function buildChat(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { instructions, turns } = readConversation(call, target.provider);
  const settings = readSettings(call, target);
  const { toolChoice, tools, format } = settings;
  const warnings = ignoredMembers(call, ["top_k", "seed", "frequency_penalty", "presence_penalty", "response_format"]);
  if (toolChoice?.kind === "required" || toolChoice?.kind === "function") warnings.push("ignored:tool_choice");
  const system = instructions.length === 0 ? [] : [{ role: "system", content: instructions.join("\n\n") }];
  const body = {
    model: modelOf(call, target),
    messages: [...system, ...turns.map((turn) => toMessage(turn, target.provider))],
    stream: call.isStream,
    tools: tools.length === 0 || toolChoice?.kind === "none" ? undefined : tools.map(toTool),
    format: format?.kind === "json-schema" ? format.schema : format && "json",
    options: toOptions(call, settings),
  };
  return { request: jsonRequest(target.endpoint, body), warnings };
}

function toOptions({ body }: ChatRequest, settings: ChatSettings): object {
  return {
    num_predict: settings.maxTokens,
    temperature: settings.temperature,
    top_p: settings.topP,
    top_k: settings.topK,
    stop: settings.stop.length === 0 ? undefined : settings.stop,
    seed: body["seed"] ?? undefined,
    frequency_penalty: body["frequency_penalty"] ?? undefined,
    presence_penalty: body["presence_penalty"] ?? undefined,
  };
}

function toMessage(turn: Turn, provider: string): object {
  switch (turn.role) {
    case "user":
      return { role: "user", content: textOf(turn.parts), images: imagesOf(turn.parts, provider) };
    case "assistant":
      return {
        role: "assistant",
        content: turn.text,
        tool_calls:
          turn.toolCalls.length === 0
            ? undefined
            : turn.toolCalls.map(({ name, input }) => ({ function: { name, arguments: input } })),
      };
    default:
      return { role: "tool", tool_name: turn.name, content: turn.text };
  }
}

function textOf(parts: readonly UserPart[]): string {
  return parts.flatMap((part) => (part.kind === "text" && part.text !== "" ? [part.text] : [])).join("\n");
}

function imagesOf(parts: readonly UserPart[], provider: string): readonly string[] | undefined {
  const images = parts.flatMap((part) => {
    if (part.kind === "text") return [];
    if (part.kind === "image-data") return [part.data];
    const message = `the provider ${provider} takes images as data only: send a data: URL instead of ${part.url.slice(0, 100)}`;
    throw new RequestError("GW_REQUEST_INVALID", message);
  });
  return images.length === 0 ? undefined : images;
}

function toTool({ name, description, parameters }: ChatSettings["tools"][number]): object {
  return { type: "function", function: { name, description, parameters } };
}
