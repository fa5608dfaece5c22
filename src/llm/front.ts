import type { JsonObject } from "../core/json.ts";
import type { ChatEvent, ChatResult, ProviderFailure } from "./answer.ts";
import type { ChatRequest } from "./chat.ts";
import type { UsageReader } from "./usage.ts";

/** How clients speak: one front for each `llm_format` and kind of route. Pure, as drivers are. */
export interface Front {
  /** The wire format; a driver whose `native` format has the same name takes calls as the client wrote them. */
  readonly format: ClientFormat;
  readonly operation: Operation;
  /** What the route serves, for a client that asks it for something else: "chat completions". */
  readonly serves: string;
  /** Throws RequestError GW_REQUEST_INVALID when the body is none of this format. `path` is the client's. */
  readonly readCall: (bytes: Buffer, path: string) => ChatRequest;
  /** Absent where only a provider that speaks the format can answer. */
  readonly answers?: AnswerWriter;
  /** Where a provider of the format counts in another way than in chat. */
  readonly createUsageReader?: (isStream: boolean) => UsageReader;
  /** The body of an error of gw's own, as the format's client libraries read it. */
  readonly errorBody: (failure: ClientFailure) => string;
  /** The end of an event stream that breaks off; the stream may stand in the middle of an event. */
  readonly errorEvent: (failure: ClientFailure) => string;
}

export type ClientFormat = "openai" | "anthropic" | "bedrock" | "cohere" | "gemini" | "huggingface";

/** What is asked of a provider: the last part of Kong's `route_type`. */
export type Operation = "chat" | "completions" | "embeddings" | "responses";

/** An error of gw's own: a GwError, or what is shown of one. */
export interface ClientFailure {
  readonly code: string;
  /** Of HTTP. */
  readonly status: number;
  readonly message: string;
}

/** What an answer says of itself. `id` and `model` stand in where the provider did not say. */
export interface AnswerIdentity {
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly created: number;
}

/** Writes answers of any provider in one client format. */
export interface AnswerWriter {
  /** What ids begin with. */
  readonly idPrefix: string;
  writeChat(result: ChatResult, identity: AnswerIdentity): string;
  /** `original` is what the provider said, if that was JSON. */
  writeFailure(failure: ProviderFailure, status: number, original: JsonObject | undefined): string;
  /** `includesUsage`: the client asked for a count at the end, where the format leaves that to it. */
  openStream(identity: AnswerIdentity, includesUsage: boolean): AnswerStream;
}

export interface AnswerStream {
  /** The bytes for one event; `failed` has none: the caller ends the answer as it ends any that breaks off. */
  write(event: ChatEvent): string;
}
