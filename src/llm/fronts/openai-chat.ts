import { assertNever } from "../../core/assert-never.ts";
import type { ChatEvent, ChatResult, ToolCall } from "../answer.ts";
import { parseChatRequest } from "../chat.ts";
import type { AnswerIdentity, AnswerStream, AnswerWriter, Front } from "../front.ts";
import type { Usage } from "../usage.ts";
import { openaiErrorBody, openaiErrorEvent, writeFailure } from "./openai-errors.ts";

const answers: AnswerWriter = {
  idPrefix: "chatcmpl-",
  writeChat,
  writeFailure,
  openStream: (identity, includesUsage) => new ChatStreamWriter(identity, includesUsage),
};

/** Chat completions, the format that gw translates from and to: https://platform.openai.com/docs/api-reference/chat. */
export const openaiChatFront: Front = {
  format: "openai",
  operation: "chat",
  serves: "chat completions",
  readCall: parseChatRequest,
  answers,
  errorBody: openaiErrorBody,
  errorEvent: openaiErrorEvent,
};

/** https://platform.openai.com/docs/api-reference/chat/object */
function writeChat(result: ChatResult, identity: AnswerIdentity): string {
  const { text, reasoning, toolCalls, finishReason, usage } = result;
  const message = {
    role: "assistant",
    content: text === "" && toolCalls.length > 0 ? null : text,
    refusal: null,
    reasoning_content: reasoning === "" ? undefined : reasoning,
    tool_calls: toolCalls.length === 0 ? undefined : toolCalls.map(writeToolCall),
  };
  return JSON.stringify({
    id: given(result.id) ?? identity.id,
    object: "chat.completion",
    created: identity.created,
    model: given(result.model) ?? identity.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage,
  });
}

function writeToolCall({ id, name, arguments: text, signature }: ToolCall): object {
  return { id, type: "function", function: { name, arguments: text }, ...extraContent(signature) };
}

/** Where Google's own endpoint for OpenAI's clients has it; they hand it back with the call. */
function extraContent(signature: string | undefined): object {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
}

/** Writes a stream as server-sent events: https://platform.openai.com/docs/api-reference/chat-streaming. */
class ChatStreamWriter implements AnswerStream {
  readonly #includesUsage: boolean;
  #identity: AnswerIdentity;
  #hasStarted = false;
  #usage: Usage | undefined;

  /** `includesUsage`: the client set `stream_options.include_usage`. */
  constructor(identity: AnswerIdentity, includesUsage: boolean) {
    this.#identity = identity;
    this.#includesUsage = includesUsage;
  }

  /** The start is written with what follows it: of a stream that fails at once nothing has been sent then. */
  write(event: ChatEvent): string {
    switch (event.type) {
      case "start":
        return this.#start(given(event.id), given(event.model));
      case "text-delta":
        return this.#delta({ content: event.text });
      case "reasoning-delta":
        return this.#delta({ reasoning_content: event.text });
      case "tool-call-start":
        return this.#toolDelta(
          event.index,
          { id: event.id, type: "function", ...extraContent(event.signature) },
          { name: event.name, arguments: "" },
        );
      case "tool-call-delta":
        return this.#toolDelta(event.index, {}, { arguments: event.text });
      case "finish":
        return this.#begin() + this.#choice({}, event.reason);
      case "usage":
        this.#usage = event.usage;
        return "";
      case "failed":
        return "";
      case "end":
        return `${this.#usageChunk()}data: [DONE]\n\n`;
      default:
        return assertNever(event);
    }
  }

  #start(id: string | undefined, model: string | undefined): string {
    const { id: ownId, model: ownModel, created } = this.#identity;
    this.#identity = { id: id ?? ownId, model: model ?? ownModel, created };
    return "";
  }

  #begin(): string {
    if (this.#hasStarted) return "";
    this.#hasStarted = true;
    return this.#choice({ role: "assistant", content: "" }, null);
  }

  #toolDelta(index: number, head: object, called: object): string {
    return this.#delta({ tool_calls: [{ index, ...head, function: called }] });
  }

  #delta(delta: object): string {
    return this.#begin() + this.#choice(delta, null);
  }

  #choice(delta: object, reason: string | null): string {
    return this.#chunk([{ index: 0, delta, logprobs: null, finish_reason: reason }], null);
  }

  #usageChunk(): string {
    return this.#includesUsage && this.#usage !== undefined ? this.#chunk([], this.#usage) : "";
  }

  #chunk(choices: readonly object[], usage: Usage | null): string {
    const { id, created, model } = this.#identity;
    const chunk = { id, object: "chat.completion.chunk", created, model, choices };
    return `data: ${JSON.stringify(this.#includesUsage ? { ...chunk, usage } : chunk)}\n\n`;
  }
}

function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
