import type { JsonObject } from "../../../core/json.ts";
import type { ChatEvent, ChatStreamDecoder } from "../../answer.ts";
import { textOf } from "../../read-answer.ts";
import { type ChatStreamReader, decodeSseOrArray } from "../../stream-decoder.ts";
import { failureOf, joinTexts, readCandidate, toFinishReason, toolCallsOf, usageOf } from "./answer.ts";

/** Each event is an answer of its own; the stream just ends after one that has a reason to finish. Without `alt=sse` it is a JSON array. */
export function openChatStream(): ChatStreamDecoder {
  return decodeSseOrArray(new CandidateReader());
}

class CandidateReader implements ChatStreamReader {
  #hasStarted = false;
  #toolCount = 0;
  #finish: string | undefined;

  read(event: JsonObject): readonly ChatEvent[] {
    const failure = failureOf(event, 500);
    if (failure !== undefined) return [{ type: "failed", failure }];
    const { parts, finish } = readCandidate(event);
    this.#finish = finish ?? this.#finish;
    return [...this.#start(event), ...this.#toDeltas(parts), ...toCount(event)];
  }

  end(): readonly ChatEvent[] {
    if (this.#finish === undefined) return [];
    return [{ type: "finish", reason: toFinishReason(this.#finish, this.#toolCount > 0) }, { type: "end" }];
  }

  #start({ responseId, modelVersion }: JsonObject): ChatEvent[] {
    if (this.#hasStarted) return [];
    this.#hasStarted = true;
    return [{ type: "start", id: textOf(responseId), model: textOf(modelVersion) }];
  }

  #toDeltas(parts: readonly JsonObject[]): ChatEvent[] {
    const events: ChatEvent[] = [];
    const thought = joinTexts(parts, true);
    const text = joinTexts(parts, false);
    if (thought !== "") events.push({ type: "reasoning-delta", text: thought });
    if (text !== "") events.push({ type: "text-delta", text });
    for (const { arguments: input, ...call } of toolCallsOf(parts, this.#toolCount)) {
      const index = this.#toolCount++;
      events.push({ type: "tool-call-start", index, ...call }, { type: "tool-call-delta", index, text: input });
    }
    return events;
  }
}

function toCount(event: JsonObject): ChatEvent[] {
  const usage = usageOf(event);
  return usage === undefined ? [] : [{ type: "usage", usage }];
}
