import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import type { ChatEvent, ChatStreamDecoder } from "../../answer.ts";
import { textOf } from "../../read-answer.ts";
import { type ChatStreamReader, decodeSse } from "../../stream-decoder.ts";
import { toFinishReason, toUsage } from "./answer.ts";

/** https://docs.cohere.com/v2/docs/streaming */
export function openChatStream(): ChatStreamDecoder {
  return decodeSse(new EventReader());
}

class EventReader implements ChatStreamReader {
  /** Of tool calls so far, whether the last has got arguments. */
  #toolCount = 0;
  #hasArguments = false;

  read(event: JsonObject): readonly ChatEvent[] {
    const delta = member(event, "delta");
    const message = member(delta, "message");
    switch (event["type"]) {
      case "message-start":
        return [{ type: "start", id: textOf(event["id"]) }];
      case "content-delta":
        return toDeltas(member(message, "content"));
      case "tool-plan-delta":
        return reasoning(message["tool_plan"]);
      case "tool-call-start":
        return this.#startTool(member(message, "tool_calls"));
      case "tool-call-delta":
        return this.#addArguments(member(member(message, "tool_calls"), "function")["arguments"]);
      case "tool-call-end":
        return this.#hasArguments ? [] : this.#addArguments("{}");
      case "message-end":
        return toLastEvents(delta);
      default:
        return [];
    }
  }

  #startTool(call: JsonObject): readonly ChatEvent[] {
    const index = this.#toolCount++;
    this.#hasArguments = false;
    const { name, arguments: text } = member(call, "function");
    return [
      { type: "tool-call-start", index, id: textOf(call["id"]), name: textOf(name) },
      ...this.#addArguments(text),
    ];
  }

  #addArguments(text: Json | undefined): readonly ChatEvent[] {
    if (this.#toolCount === 0 || textOf(text) === "") return [];
    this.#hasArguments = true;
    return [{ type: "tool-call-delta", index: this.#toolCount - 1, text: textOf(text) }];
  }
}

function toDeltas({ text, thinking }: JsonObject): readonly ChatEvent[] {
  const said: readonly ChatEvent[] = textOf(text) === "" ? [] : [{ type: "text-delta", text: textOf(text) }];
  return [...reasoning(thinking), ...said];
}

function reasoning(text: Json | undefined): readonly ChatEvent[] {
  return textOf(text) === "" ? [] : [{ type: "reasoning-delta", text: textOf(text) }];
}

function toLastEvents({ finish_reason: reason, usage: counted, error }: JsonObject): readonly ChatEvent[] {
  if (reason === "ERROR" || reason === "TIMEOUT") {
    const message = textOf(error) || "The provider could not complete its answer.";
    return [{ type: "failed", failure: { message, type: "server_error", code: reason } }];
  }
  const usage = toUsage(counted);
  const count: readonly ChatEvent[] = usage === undefined ? [] : [{ type: "usage", usage }];
  return [{ type: "finish", reason: toFinishReason(reason) }, ...count, { type: "end" }];
}

/** Empty when it is not there: events of an odd shape say nothing. */
function member(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}
