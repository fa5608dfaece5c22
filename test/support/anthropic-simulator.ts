import type { JsonObject } from "../../src/core/json.ts";
import { textOf } from "../../src/llm/read-answer.ts";
import { parseAnthropicRequest } from "./anthropic-request.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "./fake-upstream.ts";

/** What a user says to get something else than "Tea.". */
export const prompts = { refuse: "refuse me", hold: "hold on", breakOff: "break off" };

/**
 * Anthropic's API as its reference has it: a request that it would refuse is refused with its words. Offered a tool, it calls it with
 * `{"city":"Wien"}`; given the result, it says it; asked for JSON by a schema, it answers `{"answer":42}`.
 */
export async function startAnthropicSimulator(): Promise<FakeUpstream> {
  return await startFakeUpstream({ reply: (received) => void reply(received) });
}

async function reply(received: ReceivedRequest): Promise<void> {
  let request: JsonObject;
  try {
    request = parseAnthropicRequest(received.body);
  } catch (error) {
    refuse(received, 400, "invalid_request_error", String(error));
    return;
  }
  const said = JSON.stringify(request["messages"]);
  if (said.includes(prompts.refuse)) refuse(received, 429, "rate_limit_error", "Slow down.");
  else if (request["stream"] !== true) {
    if (!said.includes(prompts.hold))
      received.answer(200, { "content-type": "application/json" }, JSON.stringify(message(request)));
  } else await stream(received, request, said);
}

function refuse(received: ReceivedRequest, status: number, type: string, text: string): void {
  const body = JSON.stringify({ type: "error", error: { type, message: text }, request_id: "req_1" });
  received.answer(status, { "content-type": "application/json", "retry-after": "9" }, body);
}

const usage = { input_tokens: 7, cache_read_input_tokens: 3, cache_creation_input_tokens: 0, output_tokens: 5 };

function message(request: JsonObject): JsonObject {
  const content = contentFor(request);
  const [block] = content;
  return { ...head(request), content, stop_reason: block?.["type"] === "tool_use" ? "tool_use" : "end_turn", usage };
}

function head({ model }: JsonObject): JsonObject {
  return { id: "msg_1", type: "message", role: "assistant", model: model ?? null, stop_sequence: null };
}

function contentFor({ messages, tools, output_config: config }: JsonObject): readonly JsonObject[] {
  const said = JSON.stringify(messages);
  if (said.includes('"tool_result"'))
    return [{ type: "text", text: said.includes("sunny") ? "It is sunny." : "No idea." }];
  const [tool] = Array.isArray(tools) ? (tools as readonly JsonObject[]) : [];
  if (tool !== undefined)
    return [{ type: "tool_use", id: "toolu_1", name: tool["name"] ?? "", input: { city: "Wien" } }];
  return [{ type: "text", text: config === undefined ? "Tea." : '{"answer":42}' }];
}

async function stream(received: ReceivedRequest, request: JsonObject, said: string): Promise<void> {
  received.head(200, { "content-type": "text/event-stream" });
  for (const event of eventsFor(request)) {
    await received.write(`event: ${textOf(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`);
    if (event["type"] !== "content_block_delta") continue;
    if (said.includes(prompts.hold)) return;
    if (said.includes(prompts.breakOff)) {
      received.reset();
      return;
    }
  }
  received.end();
}

function eventsFor(request: JsonObject): readonly JsonObject[] {
  const { content, stop_reason: reason } = message(request) as { content: readonly JsonObject[]; stop_reason: string };
  const start = { ...head(request), content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  return [
    { type: "message_start", message: start },
    { type: "ping" },
    ...content.flatMap((block, index) => eventsOf(block, index)),
    { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  ];
}

function eventsOf(block: JsonObject, index: number): readonly JsonObject[] {
  const isTool = block["type"] === "tool_use";
  const text = isTool ? JSON.stringify(block["input"]) : textOf(block["text"]);
  const [kind, member] = isTool ? ["input_json_delta", "partial_json"] : ["text_delta", "text"];
  const deltas = [text.slice(0, 2), text.slice(2)].map((piece) => ({ type: kind, [member]: piece }));
  return [
    {
      type: "content_block_start",
      index,
      content_block: isTool ? { ...block, input: {} } : { type: "text", text: "" },
    },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}
