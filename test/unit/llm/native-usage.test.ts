import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Front } from "../../../src/llm/front.ts";
import { bedrockConverseFront } from "../../../src/llm/fronts/bedrock-converse.ts";
import { geminiGenerateFront } from "../../../src/llm/fronts/gemini-generate.ts";
import type { ProviderDriver } from "../../../src/llm/provider.ts";
import { bedrockProvider } from "../../../src/llm/providers/bedrock.ts";
import { geminiProvider } from "../../../src/llm/providers/gemini.ts";
import { wayBetween } from "../../../src/llm/way.ts";

test.each<[string, Front, ProviderDriver, number, number]>([
  ["bedrock/text.bin", bedrockConverseFront, bedrockProvider, 114, 5],
  ["gemini/text.sse", geminiGenerateFront, geminiProvider, 4, 5],
  ["gemini/text-array.json", geminiGenerateFront, geminiProvider, 4, 5],
])(
  "the tokens of %s are counted as it passes untouched, wherever it is cut",
  (file, front, driver, prompt, completion) => {
    const way = wayBetween(front, driver, {});
    const reader = way?.createUsageReader(true);
    for (const byte of readFileSync(`fixtures/llm/streams/${file}`)) reader?.push(Buffer.of(byte));
    expect(way?.translation).toBeUndefined();
    expect(reader?.end()).toMatchObject({ prompt_tokens: prompt, completion_tokens: completion });
  },
);
