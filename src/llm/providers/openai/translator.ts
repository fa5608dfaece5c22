import type { ChatTranslator } from "../../answer.ts";
import { parseChat, parseFailure } from "./answer.ts";
import { openChatStream } from "./stream.ts";

/** For clients of another format, of any provider that answers in OpenAI's. */
export const openaiTranslator: ChatTranslator = { parseChat, parseFailure, openChatStream };
