import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { parseChatRequest } from "../../src/llm/chat.ts";
import { mistralProvider } from "../../src/llm/providers/mistral.ts";
import { openaiProvider } from "../../src/llm/providers/openai.ts";

const folder = "fixtures/llm/chat";

/** `body` is text, because spaces, order and duplicates matter. */
interface ChatCase {
  readonly why: string;
  readonly model?: string;
  readonly options?: JsonObject;
  readonly clientParams?: boolean;
  readonly body: string;
}

const cases = readdirSync(folder)
  .filter((file) => /^[^.]+\.json$/.test(file))
  .map((file) => ({ name: file.slice(0, -5), ...(JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as ChatCase) }));

describe.each([openaiProvider, mistralProvider])("$name", (driver) => {
  test.each(cases)("$name: $why", async ({ name, model, options = {}, clientParams = false, body }) => {
    const target = { provider: driver.name, model, options, clientParams, endpoint: driver.endpoint(options, model) };
    const { request, warnings } = driver.buildChat(parseChatRequest(Buffer.from(body)), target);
    const shown = { ...request, body: (request.body as Buffer).toString(), warnings };
    await expect(`${JSON.stringify(shown, undefined, 2)}\n`).toMatchFileSnapshot(
      `../../${folder}/${name}.${driver.name}.request.json`,
    );
  });
});
