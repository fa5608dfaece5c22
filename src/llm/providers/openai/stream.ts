import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import type { ChatEvent, ChatStreamDecoder } from "../../answer.ts";
import { textOf } from "../../read-answer.ts";
import { type ChatStreamReader, decodeSse } from "../../stream-decoder.ts";
import { usageOf } from "../../usage.ts";
import { contentText, reasoningOf, toFailure, toFinishReason } from "./answer.ts";

/** https://platform.openai.com/docs/api-reference/chat-streaming */
export function openChatStream(): ChatStreamDecoder {
  return decodeSse(new ChunkReader());
}

class ChunkReader implements ChatStreamReader {
  #hasStarted = false;
  #isFinished = false;
  /** Calls by the provider's index, or by id where it gives none. */
  readonly #calls = new Map<Json | undefined, number>();

  read(chunk: JsonObject): readonly ChatEvent[] {
    if (chunk["error"] !== undefined) return [{ type: "failed", failure: toFailure(chunk, 500) ?? unnamedFailure }];
    const { choices } = chunk;
    const choice: Json | undefined = Array.isArray(choices) ? choices[0] : undefined;
    return [...this.#start(chunk), ...(isJsonObject(choice) ? this.#readChoice(choice) : []), ...toCount(chunk)];
  }

  /** `[DONE]` says nothing that a reason to finish has not said. */
  end(): readonly ChatEvent[] {
    return this.#isFinished ? [{ type: "end" }] : [];
  }

  #start({ id, model }: JsonObject): ChatEvent[] {
    if (this.#hasStarted) return [];
    this.#hasStarted = true;
    return [{ type: "start", id: textOf(id), model: textOf(model) }];
  }

  #readChoice({ delta, finish_reason: finish }: JsonObject): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    if (isJsonObject(delta)) {
      const reasoning = reasoningOf(delta);
      const text = contentText(delta["content"]) + textOf(delta["refusal"]);
      if (reasoning !== "") events.push({ type: "reasoning-delta", text: reasoning });
      if (text !== "") events.push({ type: "text-delta", text });
      const calls = delta["tool_calls"];
      if (Array.isArray(calls)) events.push(...calls.filter(isJsonObject).flatMap((call) => this.#readCall(call)));
    }
    const reason = toFinishReason(finish);
    if (reason !== undefined && !this.#isFinished) {
      this.#isFinished = true;
      events.push({ type: "finish", reason });
    }
    return events;
  }

  #readCall({ index: given, id, function: called }: JsonObject): readonly ChatEvent[] {
    const { name, arguments: text } = isJsonObject(called) ? called : {};
    const key = given ?? id;
    const known = this.#calls.get(key);
    const index = known ?? this.#calls.size;
    const events: ChatEvent[] = [];
    if (known === undefined) {
      this.#calls.set(key, index);
      events.push({ type: "tool-call-start", index, id: textOf(id) || `call_${index}`, name: textOf(name) });
    }
    if (textOf(text) !== "") events.push({ type: "tool-call-delta", index, text: textOf(text) });
    return events;
  }
}

function toCount(chunk: JsonObject): ChatEvent[] {
  const usage = usageOf(chunk);
  return usage === undefined ? [] : [{ type: "usage", usage }];
}

const unnamedFailure = { message: "The provider ended its stream with an error.", type: "server_error", code: null };
