import { assertNever } from "../../core/assert-never.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { ChatEvent, ChatResult } from "../answer.ts";
import { type ChatRequest, invalidRequest, nameOf, parseBody } from "../chat.ts";
import type { AnswerIdentity, AnswerStream, Front } from "../front.ts";
import type { Usage } from "../usage.ts";
import { openaiErrorBody, openaiErrorEvent, writeFailure } from "./openai-errors.ts";
import { translatedCall } from "./translated-call.ts";

/** Legacy completions: a prompt becomes a chat of one message for providers without them. https://platform.openai.com/docs/api-reference/completions */
export const openaiCompletionsFront: Front = {
  format: "openai",
  operation: "completions",
  serves: "completions",
  readCall,
  answers: {
    idPrefix: "cmpl-",
    writeChat: writeCompletion,
    writeFailure,
    openStream: (identity, includesUsage) => new CompletionStreamWriter(identity, includesUsage),
  },
  errorBody: openaiErrorBody,
  errorEvent: openaiErrorEvent,
};

/** Members that chat completions have under the same name and with the same meaning. */
const shared: ReadonlySet<string> = new Set([
  "max_tokens",
  "temperature",
  "top_p",
  "stop",
  "seed",
  "user",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "stream_options",
]);
const readElsewhere: ReadonlySet<string> = new Set(["model", "prompt", "stream"]);

function readCall(bytes: Buffer): ChatRequest {
  const body = parseBody(bytes);
  const { prompt } = body;
  if (body["messages"] !== undefined) {
    throw invalidRequest(
      prompt === undefined
        ? "[llm/v1/chat] message format is not compatible with [llm/v1/completions] route type"
        : "request matches multiple LLM request formats",
    );
  }
  const prompts: readonly Json[] = Array.isArray(prompt) ? prompt : [prompt ?? ""];
  const texts = prompts.filter((text): text is string => typeof text === "string" && text !== "");
  if (prompts.length === 0 || (prompts.length === 1 && prompts[0] === ""))
    throw invalidRequest("request body doesn't contain valid prompts");
  const others = Object.keys(body).filter((name) => !shared.has(name) && !readElsewhere.has(name));
  return translatedCall({
    bytes,
    body,
    messages: [{ role: "user", content: texts.join("\n") }],
    settings: Object.fromEntries(Object.entries(body).filter(([name]) => shared.has(name))),
    model: nameOf(body["model"]),
    isStream: body["stream"] === true,
    losses: {
      codes: others.filter((name) => asks(body, name)).map((name) => `ignored:${name}`),
      refusal:
        prompts.length === 1 && texts.length === 1
          ? undefined
          : "the call holds several prompts, or tokens, which only a provider with completions of its own can be sent",
    },
  });
}

function asks(body: JsonObject, name: string): boolean {
  const value = body[name];
  return value !== null && value !== false && !((name === "n" || name === "best_of") && value === 1);
}

/** https://platform.openai.com/docs/api-reference/completions/object */
function writeCompletion(result: ChatResult, identity: AnswerIdentity): string {
  return JSON.stringify({
    ...head({ ...identity, id: result.id || identity.id, model: result.model || identity.model }),
    choices: [choice(result.text, result.finishReason)],
    usage: result.usage,
  });
}

class CompletionStreamWriter implements AnswerStream {
  readonly #includesUsage: boolean;
  #identity: AnswerIdentity;
  #usage: Usage | undefined;

  constructor(identity: AnswerIdentity, includesUsage: boolean) {
    this.#identity = identity;
    this.#includesUsage = includesUsage;
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
        return this.#chunk([choice(event.text, null)]);
      case "finish":
        return this.#chunk([choice("", event.reason)]);
      case "usage":
        this.#usage = event.usage;
        return "";
      case "reasoning-delta":
      case "tool-call-start":
      case "tool-call-delta":
      case "failed":
        return "";
      case "end":
        return `${this.#includesUsage && this.#usage !== undefined ? this.#chunk([]) : ""}data: [DONE]\n\n`;
      default:
        return assertNever(event);
    }
  }

  #chunk(choices: readonly object[]): string {
    const usage = this.#includesUsage ? { usage: choices.length === 0 ? this.#usage : null } : {};
    return `data: ${JSON.stringify({ ...head(this.#identity), choices, ...usage })}\n\n`;
  }
}

function head({ id, model, created }: AnswerIdentity): object {
  return { id, object: "text_completion", created, model };
}

function choice(text: string, reason: string | null): object {
  return { text, index: 0, logprobs: null, finish_reason: reason };
}
