import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { textOf } from "../../read-answer.ts";
import type { Losses } from "./losses.ts";

/** The members of a call besides its model and messages, in OpenAI's words. */
export function toChatSettings(body: JsonObject, losses: Losses): JsonObject {
  const settings: Record<string, Json> = {};
  for (const [name, value] of Object.entries(body)) {
    if (value === null) continue;
    const write = members.get(name);
    if (write === undefined) losses.ignore(name);
    else Object.assign(settings, write(value, losses));
  }
  return settings;
}

type MemberWriter = (value: Json, losses: Losses) => JsonObject;

const same =
  (name: string): MemberWriter =>
  (value) => ({ [name]: value });
/** Read elsewhere. */
const nothing: MemberWriter = () => ({});

/** https://docs.claude.com/en/api/messages: every member that has a counterpart. */
const members: ReadonlyMap<string, MemberWriter> = new Map(
  Object.entries<MemberWriter>({
    model: nothing,
    messages: nothing,
    system: nothing,
    stream: nothing,
    max_tokens: same("max_tokens"),
    temperature: same("temperature"),
    top_p: same("top_p"),
    top_k: same("top_k"),
    stop_sequences: (list) => (Array.isArray(list) && list.length > 0 ? { stop: list } : {}),
    metadata: (metadata) =>
      isJsonObject(metadata) && typeof metadata["user_id"] === "string" ? { user: metadata["user_id"] } : {},
    tools: (tools, losses) =>
      Array.isArray(tools) && tools.length > 0
        ? { tools: tools.filter(isJsonObject).map((tool) => toTool(tool, losses)) }
        : {},
    tool_choice: (choice) => (isJsonObject(choice) ? toToolChoice(choice) : {}),
    thinking: (thinking, losses) => {
      if (!isJsonObject(thinking) || thinking["type"] !== "disabled") losses.ignore("thinking");
      return {};
    },
    output_format: (format) => toResponseFormat(format),
    output_config: (config, losses) => {
      const { format, ...others } = isJsonObject(config) ? config : {};
      for (const name of Object.keys(others)) losses.ignore(`output_config.${name}`);
      return format === undefined ? {} : toResponseFormat(format);
    },
    service_tier: (tier, losses) => {
      if (tier !== "auto") losses.ignore("service_tier");
      return {};
    },
  }),
);

/** Tools that Anthropic runs itself have a type of their own. */
function toTool(
  { type, name, description, input_schema: schema, cache_control: control }: JsonObject,
  losses: Losses,
): JsonObject {
  if (type !== undefined && type !== "custom") losses.refuse(textOf(type));
  if (isJsonObject(control)) losses.ignore("cache_control");
  const parameters = isJsonObject(schema) ? schema : { type: "object", properties: {} };
  const described = typeof description === "string" ? { description } : {};
  return { type: "function", function: { name: textOf(name), ...described, parameters } };
}

function toToolChoice({ type, name, disable_parallel_tool_use: isSingle }: JsonObject): JsonObject {
  const choice = type === "tool" ? { type: "function", function: { name: textOf(name) } } : choices.get(textOf(type));
  return {
    ...(choice !== undefined && { tool_choice: choice }),
    ...(isSingle === true && { parallel_tool_calls: false }),
  };
}

const choices: ReadonlyMap<string, string> = new Map([
  ["auto", "auto"],
  ["any", "required"],
  ["none", "none"],
]);

function toResponseFormat(format: Json): JsonObject {
  const schema = isJsonObject(format) && format["type"] === "json_schema" ? format["schema"] : undefined;
  if (!isJsonObject(schema)) return {};
  return { response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } } };
}
