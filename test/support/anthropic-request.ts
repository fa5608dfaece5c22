import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonObject } from "../../src/core/json.ts";

const text = { type: "string", minLength: 1 };
const block = {
  type: "object",
  required: ["type"],
  oneOf: [
    {
      properties: { type: { const: "text" }, text, cache_control: { type: "object" } },
      required: ["text"],
      additionalProperties: false,
    },
    {
      properties: { type: { const: "image" }, source: { type: "object", required: ["type"] } },
      required: ["source"],
    },
    {
      properties: { type: { const: "document" }, source: { type: "object", required: ["type"] } },
      required: ["source"],
    },
    {
      properties: { type: { const: "thinking" }, thinking: { type: "string" }, signature: text },
      required: ["thinking", "signature"],
    },
    {
      properties: {
        type: { const: "tool_use" },
        id: { type: "string", pattern: "^[a-zA-Z0-9_-]+$" },
        name: text,
        input: { type: "object" },
      },
      required: ["id", "name", "input"],
      additionalProperties: false,
    },
    {
      properties: { type: { const: "tool_result" }, tool_use_id: text, content: {}, is_error: { type: "boolean" } },
      required: ["tool_use_id"],
      additionalProperties: false,
    },
  ],
};

/** The rules of https://docs.claude.com/en/api/messages that the API enforces, unknown members among them. */
const request = {
  type: "object",
  required: ["model", "max_tokens", "messages"],
  additionalProperties: false,
  properties: {
    model: text,
    max_tokens: { type: "integer", minimum: 1 },
    messages: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["role", "content"],
        additionalProperties: false,
        properties: {
          role: { enum: ["user", "assistant", "system"] },
          content: { anyOf: [text, { type: "array", minItems: 1, items: block }] },
        },
      },
    },
    system: { anyOf: [{ type: "string" }, { type: "array", items: block }] },
    stream: { type: "boolean" },
    temperature: { type: "number", minimum: 0, maximum: 1 },
    top_p: { type: "number" },
    top_k: { type: "integer" },
    stop_sequences: { type: "array", items: text },
    tools: { type: "array", items: { type: "object", required: ["name"] } },
    tool_choice: {
      type: "object",
      properties: { type: { enum: ["auto", "any", "tool", "none"] } },
      required: ["type"],
    },
    metadata: { type: "object", properties: { user_id: { type: "string" } }, additionalProperties: false },
    thinking: { type: "object" },
    output_config: { type: "object" },
    service_tier: { enum: ["auto", "standard_only"] },
  },
};

const ajv = new Ajv2020({ allErrors: true, strict: false });
const validate = ajv.compile(request);

/** The request, as Anthropic's API would take it. Throws what it would refuse: also a result of a tool that nobody called. */
export function parseAnthropicRequest(body: Buffer): JsonObject {
  const parsed = JSON.parse(body.toString()) as JsonObject;
  if (!validate(parsed)) throw new Error(ajv.errorsText(validate.errors));
  checkToolResults(parsed["messages"] as unknown as readonly Message[]);
  return parsed;
}

interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly id?: string; readonly tool_use_id?: string }[];
}

function isSame(ids: readonly (string | undefined)[], others: readonly (string | undefined)[]): boolean {
  return ids.length === others.length && ids.every((id) => others.includes(id));
}

/** All results of a turn stand in the message right after their calls. */
function checkToolResults(messages: readonly Message[]): void {
  let open: readonly (string | undefined)[] = [];
  for (const { role, content } of messages) {
    const blocks = typeof content === "string" ? [] : content;
    const results = blocks.filter(({ type }) => type === "tool_result").map((result) => result.tool_use_id);
    if (role === "user" && !isSame(results, open))
      throw new Error(`tool results ${results.join()} for calls ${open.join()}`);
    open = role === "assistant" ? blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id) : [];
  }
}
