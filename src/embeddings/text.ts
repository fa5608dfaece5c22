import type { ChatMessage } from "../llm/chat.ts";

/** `config.gw.text`: which messages of a chat are embedded. Kong documents no rule for its semantic balancer; `last_user` is gw's default. */
export const textRules = ["last_user", "all_user", "all"] as const;
export type TextRule = (typeof textRules)[number];

/**
 * The text of a conversation that decides its target; undefined when it has none.
 *
 * - `last_user`: the last message with role `user`.
 * - `all_user`: every message with role `user`, oldest first, one a line.
 * - `all`: every message, whatever its role.
 *
 * Of list content the `text` parts count, one a line; images, audio and other parts do not. Messages without text are passed over.
 * When no user message has text, the last message of any role decides. Unpaired surrogates become U+FFFD: no model accepts them.
 */
export function embeddingText(messages: readonly ChatMessage[], rule: TextRule): string | undefined {
  const spoken = messages.map(toSpoken).filter((message) => message.text.trim() !== "");
  return chosen(spoken, rule)?.toWellFormed();
}

interface Spoken {
  readonly role: string;
  readonly text: string;
}

function toSpoken({ role, content }: ChatMessage): Spoken {
  return { role, text: typeof content === "string" ? content : textOfParts(content ?? []) };
}

function textOfParts(parts: Exclude<NonNullable<ChatMessage["content"]>, string>): string {
  return parts.flatMap((part) => (part.type === "text" && part.text !== undefined ? [part.text] : [])).join("\n");
}

function chosen(spoken: readonly Spoken[], rule: TextRule): string | undefined {
  const users = spoken.filter((message) => message.role === "user");
  const last = (users.at(-1) ?? spoken.at(-1))?.text;
  if (rule === "last_user" || last === undefined) return last;
  const all = rule === "all" ? spoken : users;
  return all.length === 0 ? last : all.map((message) => message.text).join("\n");
}
