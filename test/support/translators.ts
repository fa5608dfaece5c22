import { readdirSync, readFileSync } from "node:fs";
import { providers } from "../../src/catalogue.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { ChatEvent, ChatTranslator } from "../../src/llm/answer.ts";
import type { ProviderDriver } from "../../src/llm/provider.ts";

export const llmFixtures = "fixtures/llm";

/** A provider whose format is not OpenAI's, with the options that choose the format. */
export interface Foreign {
  readonly name: string;
  readonly driver: ProviderDriver;
  readonly options: JsonObject;
  readonly translator: ChatTranslator;
}

const formats: Readonly<Record<string, JsonObject>> = {
  bedrock: { bedrock: { aws_region: "us-east-1" } },
  ollama: { upstream_url: "http://127.0.0.1:11434" },
};

export const foreignProviders: readonly Foreign[] = Object.values(providers).flatMap((driver) => {
  const options = formats[driver.name] ?? {};
  const translator = driver.translator?.(options);
  return translator === undefined ? [] : [{ name: driver.name, driver, options, translator }];
});

export interface StreamFixture {
  readonly name: string;
  readonly bytes: Buffer;
  readonly expected: readonly ChatEvent[];
}

export function streamsOf(provider: string): readonly StreamFixture[] {
  const folder = `${llmFixtures}/streams/${provider}`;
  return readdirSync(folder)
    .filter((file) => !file.endsWith(".events.json"))
    .map((file) => ({
      name: file,
      bytes: readFileSync(`${folder}/${file}`),
      expected: readFixture(`streams/${provider}/${file.replace(/\.\w+$/, "")}.events.json`) as readonly ChatEvent[],
    }));
}

export function readFixture(path: string): unknown {
  return JSON.parse(readFileSync(`${llmFixtures}/${path}`, "utf8"));
}

/** All events of a stream that arrives in these pieces. */
export function decodeAll(translator: ChatTranslator, chunks: readonly Buffer[]): readonly ChatEvent[] {
  const decoder = translator.openChatStream();
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}
