import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { openaiErrorType } from "../core/openai-error-type.ts";
import { type ProviderFailure, UnreadableAnswer } from "./answer.ts";

/** The JSON object in a whole answer. Throws UnreadableAnswer. */
export function parseAnswer(body: Buffer): JsonObject {
  const answer = parseObject(body);
  if (answer === undefined) throw new UnreadableAnswer("it is not a JSON object");
  return answer;
}

export function parseObject(text: Buffer | string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** 0 for anything that is no count. */
export function countOf(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

/** As much of a strange error page as a client can use. */
const SHOWN_CHARACTERS = 2000;

/** For a refusal that is not in the provider's format: a proxy's, or a page. Its text is kept. */
export function unreadFailure(status: number, body: Buffer): ProviderFailure {
  const text = body.toString("utf8", 0, 4 * SHOWN_CHARACTERS).trim();
  const message = text === "" ? `The provider answered with the status ${status}.` : text.slice(0, SHOWN_CHARACTERS);
  return { message, type: openaiErrorType(status), code: null };
}
