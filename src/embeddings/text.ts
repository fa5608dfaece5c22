import { assertNever } from "../core/assert-never.ts";
import type { ChatMessage } from "../llm/chat.ts";

/** `config.gw.text`: which messages of a chat are embedded. Kong documents no rule for its semantic balancer. */
export const textRules = ["last_user", "follow_up", "all_user", "all", "user_and_system"] as const;
export type TextRule = (typeof textRules)[number];

export interface TextOptions {
  readonly rule: TextRule;
  /** At most so many of the last messages that count; undefined: all of them, for `follow_up` three. */
  readonly turns: number | undefined;
}

/** What stands for a conversation. */
export interface ConversationText {
  readonly text: string;
  /** What stands for it when `text` says nothing of its own ("And in Rust?"); only under `follow_up`, and only when more was said. */
  readonly context: string | undefined;
}

const FOLLOW_UP_TURNS = 3;

/**
 * The text of a conversation that decides its target; undefined when it has none.
 *
 * - `last_user`: the last message with role `user`.
 * - `follow_up`: the same, and as context the user's last messages, oldest first.
 * - `all_user`: every message with role `user`, oldest first, one a line.
 * - `all`: every message, whatever its role.
 * - `user_and_system`: the last message with role `user`, then what the system (or developer) says: in this order, because models read
 *   the beginning of long texts only.
 *
 * Of list content the `text` parts count, one a line; images, audio and other parts do not. Messages without text are passed over.
 * When no user message has text, the last message of any role decides. Unpaired surrogates become U+FFFD: no model accepts them.
 */
export function conversationText(
  messages: readonly ChatMessage[],
  { rule, turns }: TextOptions,
): ConversationText | undefined {
  const spoken = messages.map(toSpoken).filter((message) => message.text.trim() !== "");
  const users = spoken.filter(({ role }) => role === "user");
  const last = (users.at(-1) ?? spoken.at(-1))?.text.toWellFormed();
  if (last === undefined) return undefined;
  const whole = (list: readonly Spoken[], most: number | undefined): string =>
    list.length === 0 ? last : joined(most === undefined ? list : list.slice(-most));
  switch (rule) {
    case "last_user":
      return { text: last, context: undefined };
    case "follow_up":
      return { text: last, context: users.length > 1 ? whole(users, turns ?? FOLLOW_UP_TURNS) : undefined };
    case "all_user":
      return { text: whole(users, turns), context: undefined };
    case "all":
      return { text: whole(spoken, turns), context: undefined };
    case "user_and_system":
      return { text: joined([...users.slice(-1), ...spoken.filter(isSystem)]) || last, context: undefined };
    default:
      return assertNever(rule);
  }
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

function joined(messages: readonly Spoken[]): string {
  return messages
    .map(({ text }) => text)
    .join("\n")
    .toWellFormed();
}

/** `developer` is OpenAI's newer name of the role. */
function isSystem({ role }: Spoken): boolean {
  return role === "system" || role === "developer";
}
