import type { Json, JsonObject } from "../../core/json.ts";
import type { ChatMessage, ChatRequest } from "../chat.ts";

interface CallParts {
  /** As the client sent it, and parsed. */
  readonly bytes: Buffer;
  readonly body: JsonObject;
  readonly messages: readonly ChatMessage[];
  /** All else, in OpenAI's words. */
  readonly settings: JsonObject;
  readonly model: string | undefined;
  readonly isStream: boolean;
  readonly losses: { readonly codes: readonly string[]; readonly refusal: string | undefined };
}

/** A call that a front has translated. Its bytes are written when they are asked for: a provider that speaks the client's format never does. */
export function translatedCall(parts: CallParts): ChatRequest {
  const { messages, model, isStream, losses } = parts;
  const body: JsonObject = {
    ...(model !== undefined && { model }),
    messages: messages as unknown as Json,
    ...parts.settings,
    stream: isStream,
  };
  let written: Buffer | undefined;
  return {
    get bytes() {
      return (written ??= Buffer.from(JSON.stringify(body)));
    },
    body,
    messages,
    model,
    isStream,
    native: { bytes: parts.bytes, body: parts.body, lost: losses.codes, refusal: losses.refusal },
  };
}
