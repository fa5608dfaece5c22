import type { UpstreamRequest } from "../core/http-message.ts";
import type { JsonObject } from "../core/json.ts";
import type { ChatStreamDecoder, ChatTranslator } from "./answer.ts";
import { type ChatRequest, invalidRequest } from "./chat.ts";
import type { AnswerWriter, Front, Operation } from "./front.ts";
import { servesOperation } from "./operations.ts";
import type { Built, ProviderDriver, ProviderTarget } from "./provider.ts";
import { openaiTranslator } from "./providers/openai/translator.ts";
import { TranslatedUsage } from "./translated-usage.ts";
import { createUsageReader, type Usage, type UsageReader, wholeUsage } from "./usage.ts";

/** How the calls of one kind of client reach one target, and how its answers come back. */
export interface Way {
  /** What is asked of the provider. */
  readonly operation: Operation;
  /** The request without credentials. Throws RequestError when the call cannot be expressed. */
  build(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest>;
  /** NativeFormat.keyParameter. */
  readonly keyParameter?: string | undefined;
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
  const { operation } = front;
  if (front.format === "openai" && operation === "chat") {
    const translation = translator && front.answers && { translator, writer: front.answers };
    return { operation, build: (call, target) => driver.buildChat(call, target), translation, createUsageReader };
  }
  if (front.format === "openai" && servesOperation(driver.name, options, operation)) {
    const build: Way["build"] = (call, target) => driver.buildChat(asWritten(call), target);
    return {
      operation,
      build,
      translation: undefined,
      createUsageReader: front.createUsageReader ?? createUsageReader,
    };
  }
  if (native?.format === front.format && translator !== undefined) {
    const build: Way["build"] = (call, target) => native.build(call, target);
    return {
      operation,
      build,
      keyParameter: native.keyParameter,
      translation: undefined,
      createUsageReader: (isStream) => readUsageBy(translator, isStream),
    };
  }
  if (front.answers === undefined) return undefined;
  return {
    operation: "chat",
    build: (call, target) => buildTranslated(driver, call, target),
    translation: { translator: translator ?? openaiTranslator, writer: front.answers },
    createUsageReader,
  };
}

/** In place of the translation. */
function asWritten(call: ChatRequest): ChatRequest {
  const { bytes, body } = call.native ?? call;
  return { bytes, body, messages: call.messages, model: call.model, isStream: call.isStream };
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
