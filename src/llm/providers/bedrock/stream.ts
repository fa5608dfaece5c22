import { openaiErrorType } from "../../../core/openai-error-type.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import type { ChatEvent, ChatStreamDecoder } from "../../answer.ts";
import { textOf } from "../../read-answer.ts";
import { type ChatStreamReader, decodeEventStream } from "../../stream-decoder.ts";
import { messageOf, toFinishReason, toUsage } from "./answer.ts";

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
export function openChatStream(): ChatStreamDecoder {
  return decodeEventStream(new ConverseReader());
}

interface ToolBlock {
  /** Among the tool calls. */
  readonly index: number;
  hasArguments: boolean;
}

class ConverseReader implements ChatStreamReader {
  readonly #tools = new Map<Json | undefined, ToolBlock>();
  #hasStopped = false;

  read(event: JsonObject): readonly ChatEvent[] {
    const [name = "", value] = Object.entries(event)[0] ?? [];
    if (!isJsonObject(value)) return [];
    switch (name) {
      case "messageStart":
        return [{ type: "start" }];
      case "contentBlockStart":
        return this.#startBlock(value);
      case "contentBlockDelta":
        return this.#addToBlock(value);
      case "contentBlockStop":
        return this.#stopBlock(value["contentBlockIndex"]);
      case "messageStop":
        this.#hasStopped = true;
        return [{ type: "finish", reason: toFinishReason(value["stopReason"]) }];
      case "metadata":
        return this.#finish(value);
      default:
        return /(?:exception|error|failure)$/i.test(name) ? [failed(name, value)] : [];
    }
  }

  /** A guardrail may end an answer without its metadata. */
  end(): readonly ChatEvent[] {
    return this.#hasStopped ? [{ type: "end" }] : [];
  }

  #startBlock({ contentBlockIndex: block, start }: JsonObject): readonly ChatEvent[] {
    const tool = isJsonObject(start) ? start["toolUse"] : undefined;
    if (!isJsonObject(tool)) return [];
    const index = this.#tools.size;
    this.#tools.set(block, { index, hasArguments: false });
    return [{ type: "tool-call-start", index, id: textOf(tool["toolUseId"]), name: textOf(tool["name"]) }];
  }

  #addToBlock({ contentBlockIndex: block, delta }: JsonObject): readonly ChatEvent[] {
    const { text, toolUse, reasoningContent } = isJsonObject(delta) ? delta : {};
    if (isJsonObject(toolUse)) return this.#addArguments(block, textOf(toolUse["input"]));
    const thought = isJsonObject(reasoningContent) ? textOf(reasoningContent["text"]) : "";
    if (thought !== "") return [{ type: "reasoning-delta", text: thought }];
    return textOf(text) === "" ? [] : [{ type: "text-delta", text: textOf(text) }];
  }

  #addArguments(block: Json | undefined, text: string): readonly ChatEvent[] {
    const tool = this.#tools.get(block);
    if (tool === undefined || text === "") return [];
    tool.hasArguments = true;
    return [{ type: "tool-call-delta", index: tool.index, text }];
  }

  /** A tool without arguments gets no pieces of them: clients expect an object all the same. */
  #stopBlock(block: Json | undefined): readonly ChatEvent[] {
    return this.#tools.get(block)?.hasArguments === false ? this.#addArguments(block, "{}") : [];
  }

  #finish({ usage: counted, serviceTier }: JsonObject): readonly ChatEvent[] {
    const usage = toUsage(counted, serviceTier);
    const events: ChatEvent[] = usage === undefined ? [] : [{ type: "usage", usage }];
    return this.#hasStopped ? [...events, { type: "end" }] : events;
  }
}

/** What follows the status 200 has none of its own. */
function failed(name: string, value: JsonObject): ChatEvent {
  const message = messageOf(value) ?? "The provider ended its stream with an error.";
  return { type: "failed", failure: { message, type: openaiErrorType(statuses[name] ?? 500), code: name } };
}

const statuses: Readonly<Record<string, number>> = { throttlingException: 429, validationException: 400 };
