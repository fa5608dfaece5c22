import type { Match, SemanticIndex } from "../../balancer/semantic-index.ts";
import type { ConversationText } from "../../embeddings/text.ts";
import { type EventMap, publish } from "../../observability/events.ts";

export interface Compared {
  readonly match: Match;
  /** What was compared in the end. */
  readonly text: string;
  /** By the local model, because the configured one failed. */
  readonly isFallback: boolean;
}

export interface Indexes {
  readonly index: SemanticIndex;
  /** `gw.on_embedding_failure: local`. */
  readonly fallback: SemanticIndex | undefined;
}

/** What is known without waiting: the answer for a text that was seen before. */
export function peekMatch({ index }: Indexes, said: ConversationText): Match | undefined {
  const match = index.peek(said.text);
  if (match === undefined || needsContext(match, said)) return undefined;
  publish("embedding-lookup", hit);
  return match;
}

/** Rejects with what the configured embedder threw, when the local model cannot answer for it. */
export async function compareText({ index, fallback }: Indexes, said: ConversationText): Promise<Compared> {
  try {
    return { ...(await matchIn(index, said)), isFallback: false };
  } catch (error) {
    if (fallback === undefined) throw error;
    const second = await matchIn(fallback, said).catch(() => undefined);
    if (second === undefined) throw error;
    return { ...second, isFallback: true };
  }
}

async function matchIn(index: SemanticIndex, said: ConversationText): Promise<Omit<Compared, "isFallback">> {
  const match = await lookUp(index, said.text);
  if (said.context === undefined || !needsContext(match, said)) return { match, text: said.text };
  return { match: await lookUp(index, said.context), text: said.context };
}

async function lookUp(index: SemanticIndex, text: string): Promise<Match> {
  return await index.match(text, (isCached) => publish("embedding-lookup", isCached ? hit : miss));
}

const hit: EventMap["embedding-lookup"] = { isCached: true };
const miss: EventMap["embedding-lookup"] = { isCached: false };

function needsContext({ isVague }: Match, { context }: ConversationText): boolean {
  return isVague && context !== undefined;
}
