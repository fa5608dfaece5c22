import type { JsonObject } from "../core/json.ts";

/** A part of a message's content; kinds that gw does not know travel on untouched. */
export interface ContentPart {
  readonly type: string;
  readonly text?: string;
}

export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly ContentPart[] | null;
}

/** One chat request as the client sent it. `body` is `bytes` parsed: drivers that speak the same format splice `bytes` instead of writing `body` again. */
export interface ChatRequest {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  readonly messages: readonly ChatMessage[];
  /** The client's `model`, when it is a non-empty string. */
  readonly model: string | undefined;
  readonly isStream: boolean;
}
