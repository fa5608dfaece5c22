import type { UpstreamRequest } from "../core/http-message.ts";
import type { JsonObject } from "../core/json.ts";
import type { ChatStreamDecoder, ChatTranslator } from "./answer.ts";
import { type ChatRequest, invalidRequest } from "./chat.ts";
import type { AnswerWriter, Front } from "./front.ts";
import type { Built, ProviderDriver, ProviderTarget } from "./provider.ts";
import { openaiTranslator } from "./providers/openai/translator.ts";
import { TranslatedUsage } from "./translated-usage.ts";
import { createUsageReader, type Usage, type UsageReader, wholeUsage } from "./usage.ts";

/** How the calls of one kind of client reach one target, and how its answers come back. */
export interface Way {
  /** The request without credentials. Throws RequestError when the call cannot be expressed. */
  build(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest>;
  /** Absent where client and provider speak the same format: the answer's bytes pass untouched. */
  readonly translation: AnswerTranslation | undefined;
  /** Of answers that pass untouched. */
  createUsageReader(isStream: boolean): UsageReader;
}

export interface AnswerTranslation {
  readonly translator: ChatTranslator;
  readonly writer: AnswerWriter;
}

/** undefined where neither the provider speaks the client's format nor gw translates it. */
export function wayBetween(front: Front, driver: ProviderDriver, options: JsonObject): Way | undefined {
  const { native } = driver;
  const translator = driver.translator?.(options);
  if (front.format === "openai" && front.operation === "chat") {
    const translation = translator && front.answers && { translator, writer: front.answers };
    return { build: (call, target) => driver.buildChat(call, target), translation, createUsageReader };
  }
  if (native?.format === front.format && translator !== undefined) {
    const build = (call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> => native.build(call, target);
    return { build, translation: undefined, createUsageReader: (isStream) => readUsageBy(translator, isStream) };
  }
  if (front.answers === undefined) return undefined;
  return {
    build: (call, target) => buildTranslated(driver, call, target),
    translation: { translator: translator ?? openaiTranslator, writer: front.answers },
    createUsageReader,
  };
}

function buildTranslated(driver: ProviderDriver, call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { lost = [], refusal } = call.native ?? {};
  if (refusal !== undefined) throw invalidRequest(`${refusal}: this call went to ${driver.name}`);
  const { request, warnings } = driver.buildChat(call, target);
  return { request, warnings: [...lost, ...warnings] };
}

/** The usage of an answer in a provider's own format. */
function readUsageBy(translator: ChatTranslator, isStream: boolean): UsageReader {
  return isStream ? streamedUsage(translator.openChatStream()) : wholeUsage((body) => usageIn(translator, body));
}

function streamedUsage(decoder: ChatStreamDecoder): UsageReader {
  const count = new TranslatedUsage();
  return {
    get events() {
      return count.events;
    },
    push(chunk) {
      for (const event of decoder.push(chunk)) count.add(event);
    },
    end() {
      for (const event of decoder.end()) count.add(event);
      return count.end();
    },
  };
}

function usageIn(translator: ChatTranslator, body: Buffer): Usage | undefined {
  try {
    return translator.parseChat(body).usage;
  } catch {
    return undefined;
  }
}
