import type { Usage } from "./usage.ts";

/** Why a model stopped, in OpenAI's words. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text; never empty. */
  readonly arguments: string;
  /** Gemini's: a later request must hand it back with the call. */
  readonly signature?: string;
}

/** A whole answer, of whatever provider. Absent is what the provider did not say. */
export interface ChatResult {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  readonly text: string;
  readonly reasoning?: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly usage?: Usage | undefined;
}

/** A piece of a streamed answer. Indexes of tool calls count from 0, without gaps. */
export type ChatEvent =
  | { readonly type: "start"; readonly id?: string | undefined; readonly model?: string | undefined }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | {
      readonly type: "tool-call-start";
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly signature?: string;
    }
  /** A piece of the arguments' JSON text. */
  | { readonly type: "tool-call-delta"; readonly index: number; readonly text: string }
  | { readonly type: "finish"; readonly reason: FinishReason }
  /** Replaces what was said before. */
  | { readonly type: "usage"; readonly usage: Usage }
  /** The provider broke off. Nothing follows. */
  | { readonly type: "failed"; readonly failure: ProviderFailure }
  /** The answer is complete. Nothing follows. */
  | { readonly type: "end" };

/** What a provider says when it refuses, in the words of OpenAI's format. */
export interface ProviderFailure {
  readonly message: string;
  /** One of OpenAI's: `invalid_request_error`, `rate_limit_error`, … */
  readonly type: string;
  /** The provider's own word. */
  readonly code: string | null;
}

/**
 * Reads one stream. `push` takes bytes that may be cut anywhere and gives the events that they complete; `end` gives what only the end
 * of the stream completes. A stream that ends without `end` or `failed` was cut. Never throws.
 */
export interface ChatStreamDecoder {
  push(chunk: Buffer): readonly ChatEvent[];
  end(): readonly ChatEvent[];
}

/** The way back for a provider that does not answer in OpenAI's format. */
export interface ChatTranslator {
  /** Throws UnreadableAnswer. */
  parseChat(body: Buffer): ChatResult;
  openChatStream(): ChatStreamDecoder;
  /** Never throws: what cannot be read becomes the message. */
  parseFailure(status: number, body: Buffer): ProviderFailure;
}

/** An answer of success that is not what the provider's API promises. `message` says what is missing, and holds nothing of the answer. */
export class UnreadableAnswer extends Error {}
