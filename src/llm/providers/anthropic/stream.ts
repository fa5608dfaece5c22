import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import type { ChatEvent, ChatStreamDecoder } from "../../answer.ts";
import { textOf } from "../../read-answer.ts";
import { type ChatStreamReader, decodeSse } from "../../stream-decoder.ts";
import { toFailure, toFinishReason, toUsage } from "./answer.ts";

/** https://docs.claude.com/en/docs/build-with-claude/streaming */
export function openChatStream(): ChatStreamDecoder {
  return decodeSse(new MessageReader());
}

interface ToolBlock {
  /** Among the tool calls. */
  readonly index: number;
  readonly input: Json | undefined;
  hasArguments: boolean;
}

class MessageReader implements ChatStreamReader {
  /** Counts so far: `message_delta` gives only those that have changed, as totals. */
  #usage: JsonObject = {};
  readonly #tools = new Map<Json | undefined, ToolBlock>();

  read(event: JsonObject): readonly ChatEvent[] {
    const { type, index, message, delta, usage, content_block: block } = event;
    switch (type) {
      case "message_start":
        return isJsonObject(message) ? this.#start(message) : [];
      case "content_block_start":
        return isJsonObject(block) ? this.#startBlock(index, block) : [];
      case "content_block_delta":
        return isJsonObject(delta) ? this.#addToBlock(index, delta) : [];
      case "content_block_stop":
        return this.#stopBlock(index);
      case "message_delta":
        return this.#finish(delta, usage);
      case "message_stop":
        return [{ type: "end" }];
      case "error":
        return [{ type: "failed", failure: toFailure(event) ?? unnamedFailure }];
      default:
        return [];
    }
  }

  #start({ id, model, usage }: JsonObject): readonly ChatEvent[] {
    return [{ type: "start", id: textOf(id), model: textOf(model) }, ...this.#count(usage)];
  }

  #startBlock(block: Json | undefined, { type, id, name, text, input }: JsonObject): readonly ChatEvent[] {
    if (type === "text") return textDelta(text);
    if (type !== "tool_use") return [];
    const index = this.#tools.size;
    this.#tools.set(block, { index, input, hasArguments: false });
    return [{ type: "tool-call-start", index, id: textOf(id), name: textOf(name) }];
  }

  #addToBlock(block: Json | undefined, delta: JsonObject): readonly ChatEvent[] {
    switch (delta["type"]) {
      case "text_delta":
        return textDelta(delta["text"]);
      case "thinking_delta":
        return [{ type: "reasoning-delta", text: textOf(delta["thinking"]) }];
      case "input_json_delta":
        return this.#addArguments(block, textOf(delta["partial_json"]));
      default:
        return [];
    }
  }

  #addArguments(block: Json | undefined, text: string): readonly ChatEvent[] {
    const tool = this.#tools.get(block);
    if (tool === undefined || text === "") return [];
    tool.hasArguments = true;
    return [{ type: "tool-call-delta", index: tool.index, text }];
  }

  /** A tool without arguments gets no pieces of them: clients expect an object all the same. */
  #stopBlock(block: Json | undefined): readonly ChatEvent[] {
    const tool = this.#tools.get(block);
    if (tool === undefined || tool.hasArguments) return [];
    return this.#addArguments(block, JSON.stringify(tool.input ?? {}));
  }

  #finish(delta: Json | undefined, usage: Json | undefined): readonly ChatEvent[] {
    const reason = isJsonObject(delta) ? delta["stop_reason"] : undefined;
    const finish: readonly ChatEvent[] =
      typeof reason === "string" ? [{ type: "finish", reason: toFinishReason(reason) }] : [];
    return [...finish, ...this.#count(usage)];
  }

  #count(usage: Json | undefined): readonly ChatEvent[] {
    if (!isJsonObject(usage)) return [];
    this.#usage = { ...this.#usage, ...usage };
    return [{ type: "usage", usage: toUsage(this.#usage) }];
  }
}

function textDelta(text: Json | undefined): readonly ChatEvent[] {
  return textOf(text) === "" ? [] : [{ type: "text-delta", text: textOf(text) }];
}

const unnamedFailure = { message: "The provider ended its stream with an error.", type: "server_error", code: null };
