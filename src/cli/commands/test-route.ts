import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { toError, UsageError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { subscribe } from "../../observability/events.ts";
import { explain, type Question } from "../../routing/explain.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputOptions } from "../config-input.ts";
import { parseConnectTo } from "../connect-to.ts";
import { listOf, textOf } from "../option-values.ts";
import { connectToOption, openServingSource } from "../serving-source.ts";
import { jsonText } from "../views/report.ts";
import { decisionText } from "../views/decision.ts";
import { createWiring } from "../wire.ts";

/** Long enough for an embedding service that answers at all, in milliseconds. */
const WARM_MS = 10_000;

export const testRoute: Command = {
  name: "test-route",
  summary: "say which target a prompt goes to, and why",
  arguments: "[prompt]",
  options: [
    ...inputOptions,
    { flags: "--route <name>", summary: "the route to ask, by name or id" },
    { flags: "--path <path>", summary: "find the route as a request to this path would" },
    { flags: "-H, --header <header>", summary: "a header of the request: 'Name: value'", isList: true },
    { flags: "--messages <file>", summary: "a conversation (a JSON list of messages) instead of a prompt" },
    { flags: "--model <name>", summary: "the model that the client asks for" },
    connectToOption,
    { flags: "--json, --json-output", summary: "print one JSON document" },
  ],
  async run(args, options, terminal) {
    const question = await readQuestion(args, options, terminal);
    const source = await openServingSource([], options, terminal);
    terminal.err(`Using ${source.description}.\n`);
    const wiring = createWiring({
      environment: terminal.environment,
      connectTo: parseConnectTo(listOf(options, "connectTo")),
    });
    const notices = new Set<string>();
    const unsubscribe = subscribe("notice", ({ message }) => notices.add(message));
    try {
      const runtime = await wiring.build(await source.load());
      try {
        await runtime.warm(AbortSignal.any([terminal.signal, AbortSignal.timeout(WARM_MS)]));
        const report = await explain(runtime, question, terminal.signal);
        terminal.out(options["jsonOutput"] === true ? jsonText(report) : decisionText(report, terminal.colour));
        return 0;
      } finally {
        await runtime.close();
      }
    } finally {
      unsubscribe();
      for (const message of notices) terminal.err(`Warning: ${message}\n`);
      await Promise.all([wiring.close(), source.close()]);
    }
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
    model: textOf(options, "model"),
    route: textOf(options, "route"),
    path: textOf(options, "path"),
    headers: listOf(options, "header").flatMap(parseHeader),
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

function parseHeader(text: string): readonly [string, string] {
  const match = /^([^\s:]+):\s*(.*)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) throw new UsageError(`-H "${text}": write 'Name: value'.`);
  return [match[1], match[2]];
}
