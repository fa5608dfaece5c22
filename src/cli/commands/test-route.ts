import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { toError, UsageError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { explain, type Question } from "../../routing/explain.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { textOf } from "../option-values.ts";
import { jsonText } from "../views/report.ts";
import { decisionText } from "../views/decision.ts";
import { destinationOf, routeOptions, withRuntime } from "../with-runtime.ts";

export const testRoute: Command = {
  name: "test-route",
  summary: "say which target a prompt goes to, and why",
  arguments: "[prompt]",
  options: [
    ...routeOptions,
    { flags: "--messages <file>", summary: "a conversation (a JSON list of messages) instead of a prompt" },
    { flags: "--json, --json-output", summary: "print one JSON document" },
  ],
  async run(args, options, terminal) {
    const question = await readQuestion(args, options, terminal);
    return await withRuntime(options, terminal, async (runtime) => {
      const report = await explain(runtime, question, terminal.signal);
      terminal.out(options["jsonOutput"] === true ? jsonText(report) : decisionText(report, terminal.colour));
      return 0;
    });
  },
};

async function readQuestion([prompt]: readonly string[], options: OptionValues, terminal: Terminal): Promise<Question> {
  const file = textOf(options, "messages");
  if ((prompt === undefined) === (file === undefined)) {
    throw new UsageError(
      'Give a prompt or a conversation: gw test-route "What is the derivative of sin(x)?", or --messages FILE.',
    );
  }
  return {
    messages: file === undefined ? [{ role: "user", content: prompt ?? "" }] : await readMessages(file, terminal.cwd),
    ...destinationOf(options),
  };
}

/** A list of messages, or a whole request body. */
async function readMessages(file: string, cwd: string): Promise<readonly JsonObject[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(resolve(cwd, file), "utf8"));
  } catch (error) {
    throw new UsageError(`--messages ${file} cannot be read: ${toError(error).message}`);
  }
  const messages = isJsonObject(parsed) ? parsed["messages"] : parsed;
  if (!Array.isArray(messages) || !messages.every(isJsonObject)) {
    throw new UsageError(
      `--messages ${file}: expected a JSON list of messages, such as [{"role": "user", "content": "Hello"}].`,
    );
  }
  return messages;
}
