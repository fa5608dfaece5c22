import type { JsonObject } from "../../core/json.ts";
import { openaiErrorType } from "../../core/openai-error-type.ts";
import type { ProviderFailure } from "../answer.ts";
import type { ClientFailure } from "../front.ts";

/** The body that OpenAI's client libraries turn into an exception. */
export function openaiErrorBody({ code, status, message }: ClientFailure): string {
  return JSON.stringify({ error: { message, type: openaiErrorType(status), param: null, code: code.toLowerCase() } });
}

/** Never a silent end: SDKs raise an error for this event. */
export function openaiErrorEvent(failure: ClientFailure): string {
  return `\ndata: ${openaiErrorBody(failure)}\n\n`;
}

/** A provider's refusal. `original` is what it said, if that was JSON. */
export function writeFailure(
  { message, type, code }: ProviderFailure,
  _status: number,
  original: JsonObject | undefined,
): string {
  return JSON.stringify({ error: { message, type, param: null, code, provider_error: original } });
}
