import type { Front } from "../front.ts";
import { anthropicMessagesFront } from "./anthropic-messages.ts";
import { bedrockConverseFront } from "./bedrock-converse.ts";
import { cohereChatFront } from "./cohere-chat.ts";
import { geminiGenerateFront } from "./gemini-generate.ts";
import { openaiChatFront } from "./openai-chat.ts";
import { openaiCompletionsFront } from "./openai-completions.ts";
import { openaiEmbeddingsFront } from "./openai-embeddings.ts";
import { openaiResponsesFront } from "./openai-responses.ts";

/** All that gw runs. */
export const fronts: readonly Front[] = [
  openaiChatFront,
  openaiCompletionsFront,
  openaiEmbeddingsFront,
  openaiResponsesFront,
  anthropicMessagesFront,
  bedrockConverseFront,
  cohereChatFront,
  geminiGenerateFront,
];

/** The front for a plugin's `llm_format` and its targets' `route_type`; undefined for those that gw does not run. */
export function frontFor({ llm_format: format, targets }: FrontChoice): Front | undefined {
  const [target] = targets;
  return fronts.find((front) => front.format === format && `llm/v1/${front.operation}` === target?.route_type);
}

interface FrontChoice {
  readonly llm_format: string;
  readonly targets: readonly { readonly route_type: string }[];
}
