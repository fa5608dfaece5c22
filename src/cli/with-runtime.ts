import { UsageError } from "../core/errors.ts";
import type { Runtime } from "../gateway/runtime.ts";
import { subscribe } from "../observability/events.ts";
import type { Destination } from "../routing/evaluate.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { inputOptions } from "./config-input.ts";
import { parseConnectTo } from "./connect-to.ts";
import { listOf, textOf } from "./option-values.ts";
import { connectToOption, openServingSource, type Serving } from "./serving-source.ts";
import { createWiring, type Wiring } from "./wire.ts";

/** Long enough for an embedding service that answers at all, in milliseconds. */
const WARM_MS = 10_000;

/** The flags of every command that asks where prompts go. */
export const routeOptions: readonly Option[] = [
  ...inputOptions,
  { flags: "--route <name>", summary: "the route to ask, by name or id" },
  { flags: "--path <path>", summary: "find the route as a request to this path would" },
  { flags: "-H, --header <header>", summary: "a header of the request: 'Name: value'", isList: true },
  { flags: "--model <name>", summary: "the model that the client asks for" },
  connectToOption,
];

/** What `routeOptions` say. Throws UsageError for a header that is none. */
export function destinationOf(options: OptionValues): Destination {
  return {
    model: textOf(options, "model"),
    route: textOf(options, "route"),
    path: textOf(options, "path"),
    headers: listOf(options, "header").flatMap(parseHeader),
  };
}

/** Builds what `gw serve` would run, hands it to `work` and returns its result. Says on stderr what is used, and what was noticed meanwhile. */
export async function withRuntime<Result>(
  options: OptionValues,
  terminal: Terminal,
  work: (runtime: Runtime, serving: Serving) => Promise<Result>,
): Promise<Result> {
  const source = await openServingSource([], options, terminal);
  terminal.err(`Using ${source.description}.\n`);
  try {
    const serving = await source.load();
    return await withRuntimeOf(serving, options, terminal, async (runtime) => await work(runtime, serving));
  } finally {
    await source.close();
  }
}

/** The same for a configuration that is at hand. */
export async function withRuntimeOf<Result>(
  serving: Serving,
  options: OptionValues,
  terminal: Terminal,
  work: (runtime: Runtime) => Promise<Result>,
): Promise<Result> {
  return await withWiring(options, terminal, async (wiring) => {
    const runtime = await wiring.build(serving);
    try {
      await runtime.warm(AbortSignal.any([terminal.signal, AbortSignal.timeout(WARM_MS)]));
      return await work(runtime);
    } finally {
      await runtime.close();
    }
  });
}

/** What is noticed meanwhile is told as warnings at the end, each once. */
export async function withWiring<Result>(
  options: OptionValues,
  terminal: Terminal,
  work: (wiring: Wiring) => Promise<Result>,
): Promise<Result> {
  const connectTo = parseConnectTo(listOf(options, "connectTo"));
  const wiring = createWiring({ environment: terminal.environment, connectTo });
  const notices = new Set<string>();
  const unsubscribe = subscribe("notice", ({ message }) => notices.add(message));
  try {
    return await work(wiring);
  } finally {
    unsubscribe();
    for (const message of notices) terminal.err(`Warning: ${message}\n`);
    await wiring.close();
  }
}

function parseHeader(text: string): readonly [string, string] {
  const match = /^([^\s:]+):\s*(.*)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) throw new UsageError(`-H "${text}": write 'Name: value'.`);
  return [match[1], match[2]];
}
