import { StateError, UsageError } from "../../core/errors.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputArguments, inputOptions } from "../config-input.ts";
import { storeName } from "../open-store.ts";
import { isSet, textOf } from "../option-values.ts";
import { checksOf, type FailedPlugin } from "../ping/checks.ts";
import { type CheckResult, runChecks } from "../ping/run-checks.ts";
import { connectToOption, openServingSource, type Serving } from "../serving-source.ts";
import { pingJson, pingText } from "../views/ping.ts";
import { jsonText } from "../views/report.ts";
import { withWiring } from "../with-runtime.ts";

export const ping: Command = {
  name: "ping",
  summary: "check every vault, Redis, embedding model and upstream of the configuration",
  arguments: inputArguments,
  options: [
    ...inputOptions,
    { flags: "--timeout <seconds>", summary: "how long each check may take", default: "5" },
    connectToOption,
    { flags: "--json, --json-output", summary: "print one JSON document" },
  ],
  async run(args, options, terminal) {
    const limitMs = readTimeout(textOf(options, "timeout"));
    const results = await pingAll(args, options, terminal, limitMs);
    terminal.out(isSet(options, "jsonOutput") ? jsonText(pingJson(results)) : pingText(results, terminal.colour));
    return results.every(({ isOk }) => isOk) ? 0 : 1;
  },
};

async function pingAll(
  args: readonly string[],
  options: OptionValues,
  terminal: Terminal,
  limitMs: number,
): Promise<readonly CheckResult[]> {
  const startedAt = performance.now();
  const store = { kind: "store", name: storeName(options), warnings: [] } as const;
  try {
    const source = await openServingSource(args, options, terminal);
    terminal.err(`Using ${source.description}.\n`);
    try {
      const serving = await source.load();
      const ms = performance.now() - startedAt;
      const { serial } = serving;
      const message = `revision ${serial}`;
      const read = serial === undefined ? [] : [{ ...store, isOk: true, ms, message, code: undefined }];
      return [...read, ...(await check(serving, options, terminal, limitMs))];
    } finally {
      await source.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof StateError)) throw thrown;
    const { code, message } = thrown;
    return [{ ...store, isOk: false, ms: performance.now() - startedAt, message, code }];
  }
}

/** Through the parts that `gw serve` would use. */
async function check(
  serving: Serving,
  options: OptionValues,
  terminal: Terminal,
  limitMs: number,
): Promise<readonly CheckResult[]> {
  return await withWiring(options, terminal, async (wiring) => {
    const failedPlugins: FailedPlugin[] = [];
    const { runtime, secrets } = await wiring.open(serving, {
      onPluginFailure: (plugin, reason) => failedPlugins.push({ plugin, reason }),
    });
    try {
      const checks = checksOf({ serving, runtime, secrets, upstream: wiring.upstream, failedPlugins });
      return await runChecks(checks, limitMs, terminal.signal);
    } finally {
      await runtime.close();
    }
  });
}

function readTimeout(text: string | undefined): number {
  const seconds = Number(text);
  if (text !== undefined && text !== "" && seconds > 0 && seconds <= 3_600) return seconds * 1_000;
  throw new UsageError(`--timeout ${text}: give the seconds that a check may take, such as 5.`);
}
