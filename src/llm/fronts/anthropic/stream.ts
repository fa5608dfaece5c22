import { assertNever } from "../../../core/assert-never.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { ChatEvent, FinishReason } from "../../answer.ts";
import type { AnswerIdentity, AnswerStream } from "../../front.ts";
import type { Usage } from "../../usage.ts";
import { toStopReason, toTokenCounts } from "./answer.ts";

/** Writes a stream as Anthropic's: https://docs.claude.com/en/docs/build-with-claude/streaming. */
export class MessageStreamWriter implements AnswerStream {
  #identity: AnswerIdentity;
  #hasStarted = false;
  #usage: Usage | undefined;
  #reason: FinishReason = "stop";
  /** How many blocks there are. */
  #count = 0;
  /** The open block of text or thinking; there is at most one. */
  #prose: { readonly kind: "text" | "thinking"; readonly block: number } | undefined;
  /** Blocks of tool calls by index of the call. They stay open: some providers write several at a time. */
  readonly #tools = new Map<number, number>();

  constructor(identity: AnswerIdentity) {
    this.#identity = identity;
  }

  write(event: ChatEvent): string {
    switch (event.type) {
      case "start":
        this.#identity = {
          ...this.#identity,
          id: event.id || this.#identity.id,
          model: event.model || this.#identity.model,
        };
        return "";
      case "text-delta":
        return this.#addProse("text", { type: "text_delta", text: event.text });
      case "reasoning-delta":
        return this.#addProse("thinking", { type: "thinking_delta", thinking: event.text });
      case "tool-call-start":
        return this.#startTool(event);
      case "tool-call-delta":
        return delta(this.#tools.get(event.index), { type: "input_json_delta", partial_json: event.text });
      case "finish":
        this.#reason = event.reason;
        return "";
      case "usage":
        this.#usage = event.usage;
        return "";
      case "failed":
        return "";
      case "end":
        return this.#end();
      default:
        return assertNever(event);
    }
  }

  /** With the first block: of a stream that fails at once nothing has been sent then. */
  #begin(): string {
    if (this.#hasStarted) return "";
    this.#hasStarted = true;
    const { id, model } = this.#identity;
    const message = {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
    };
    return sse("message_start", { message: { ...message, usage: toTokenCounts(this.#usage) } });
  }

  #addProse(kind: "text" | "thinking", piece: JsonObject): string {
    if (this.#prose?.kind === kind) return delta(this.#prose.block, piece);
    const before = this.#begin() + this.#stopProse();
    const block = this.#count++;
    this.#prose = { kind, block };
    const start = kind === "text" ? { type: "text", text: "" } : { type: "thinking", thinking: "", signature: "" };
    return before + sse("content_block_start", { index: block, content_block: start }) + delta(block, piece);
  }

  #startTool({ index, id, name }: Extract<ChatEvent, { type: "tool-call-start" }>): string {
    const before = this.#begin() + this.#stopProse();
    const block = this.#count++;
    this.#tools.set(index, block);
    return (
      before + sse("content_block_start", { index: block, content_block: { type: "tool_use", id, name, input: {} } })
    );
  }

  #stopProse(): string {
    const open = this.#prose;
    this.#prose = undefined;
    return open === undefined ? "" : sse("content_block_stop", { index: open.block });
  }

  #end(): string {
    const stops = [...this.#tools.values()].map((index) => sse("content_block_stop", { index }));
    const change = { stop_reason: toStopReason(this.#reason), stop_sequence: null };
    return [
      this.#begin(),
      this.#stopProse(),
      ...stops,
      sse("message_delta", { delta: change, usage: toTokenCounts(this.#usage) }),
      sse("message_stop", {}),
    ].join("");
  }
}

function delta(block: number | undefined, piece: JsonObject): string {
  return block === undefined ? "" : sse("content_block_delta", { index: block, delta: piece });
}

function sse(type: string, members: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}
