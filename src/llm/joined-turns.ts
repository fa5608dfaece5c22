import type { JsonObject } from "../core/json.ts";
import type { Turn } from "./conversation.ts";

/** A message of a format that knows two roles only. */
export interface JoinedMessage {
  readonly role: "user" | "assistant";
  readonly content: JsonObject[];
}

/**
 * For formats whose roles must alternate and to whom the results of tools are the user's, those of one turn in one message: neighbours of
 * one role are joined, and what has no content is left out.
 */
export function joinTurns(turns: readonly Turn[], toBlocks: (turn: Turn) => JsonObject[]): readonly JoinedMessage[] {
  const messages: JoinedMessage[] = [];
  for (const turn of turns) {
    const role = turn.role === "assistant" ? "assistant" : "user";
    const content = toBlocks(turn);
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) messages.push({ role, content });
  }
  return messages;
}
