import type { Terminal } from "./command.ts";
import { type CommandRow, readCommandLine } from "./program.ts";
import { systemTerminal } from "./terminal.ts";
import { failureText } from "./views/failure.ts";

const FAILED = 1;
const INTERRUPTED = 130;
/** Of a timer of Node's. */
const LONGEST_MS = 2 ** 31 - 1;

/** One row per command; its module is loaded only when it is called. */
const commands: readonly CommandRow[] = [
  {
    name: "validate",
    summary: "check configuration files, without a network",
    groups: ["gateway", "file"],
    load: async () => (await import("./commands/validate.ts")).validate,
  },
  {
    name: "diff",
    summary: "show what sync would change in the store",
    groups: ["gateway"],
    load: async () => (await import("./commands/diff.ts")).diff,
  },
  {
    name: "sync",
    summary: "make the store equal to the files",
    groups: ["gateway"],
    load: async () => (await import("./commands/sync.ts")).sync,
  },
  {
    name: "apply",
    summary: "create and update what the files name, and delete nothing",
    groups: ["gateway"],
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  {
    name: "dump",
    summary: "print the store as kong.yaml",
    groups: ["gateway"],
    load: async () => (await import("./commands/dump.ts")).dump,
  },
  {
    name: "render",
    summary: "print the files as one, with defaults",
    groups: ["file"],
    load: async () => (await import("./commands/render.ts")).render,
  },
  {
    name: "history",
    summary: "list what was synced when",
    load: async () => (await import("./commands/history.ts")).history,
  },
  {
    name: "rollback",
    summary: "go back to an earlier revision",
    load: async () => (await import("./commands/rollback.ts")).rollback,
  },
  {
    name: "reset",
    summary: "empty the store",
    groups: ["gateway"],
    load: async () => (await import("./commands/reset.ts")).reset,
  },
  {
    name: "ping",
    summary: "check every vault, Redis, embedding model and upstream of the configuration",
    groups: ["gateway"],
    load: async () => (await import("./commands/ping.ts")).ping,
  },
  {
    name: "serve",
    summary: "run the gateway from the store, or straight from files",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "test-route",
    summary: "say which target a prompt goes to, and why",
    load: async () => (await import("./commands/test-route.ts")).testRoute,
  },
  {
    name: "vault",
    summary: "get {vault://…}: say whether a reference resolves, from which vault, and how old it is",
    load: async () => (await import("./commands/vault.ts")).vault,
  },
  {
    name: "eval",
    summary: "measure routing on labelled prompts",
    load: async () => (await import("./commands/eval.ts")).evalCommand,
  },
  {
    name: "tune",
    summary: "fit thresholds, examples or a linear head to labelled prompts",
    load: async () => (await import("./commands/tune.ts")).tuneCommand,
  },
  {
    name: "demo",
    summary: "the whole tour on simulated providers: no key, no server",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  {
    name: "init",
    summary: "write a kong.yaml to start from",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "schema",
    summary: "print the JSON Schema of kong.yaml, for editors",
    load: async () => (await import("./commands/schema.ts")).schema,
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    load: async () => (await import("./commands/completion.ts")).completion(commands),
  },
  {
    name: "version",
    summary: "print the version",
    load: async () => (await import("./commands/version.ts")).version,
  },
];

/** Runs one command line (without `node` and the script) and returns the exit code of docs/CLI.md. Never throws. */
export async function main(argv: readonly string[], terminal: Terminal = systemTerminal()): Promise<number> {
  try {
    const call = await readCommandLine(argv, commands, terminal);
    if (typeof call === "number") return call;
    const colour = terminal.colour && call.options["color"] !== false;
    return await untilStopped(terminal, call.command.run(call.args, call.options, { ...terminal, colour }));
  } catch (error) {
    if (terminal.signal.aborted) return INTERRUPTED;
    const colour = terminal.colour && !argv.includes("--no-color");
    terminal.err(failureText(error, { colour, debug: terminal.environment["GW_DEBUG"] === "1" }));
    return FAILED;
  }
}

/**
 * A command that waits for its input does not see the signal: closing the input ends the wait. One that waits for nothing but a deadline
 * keeps the process alive, which Node would else end with 13.
 */
async function untilStopped(terminal: Terminal, run: Promise<number>): Promise<number> {
  const stop = (): void => void terminal.stdin.destroy();
  terminal.signal.addEventListener("abort", stop, { once: true });
  const alive = setInterval(() => {}, LONGEST_MS);
  try {
    return await run;
  } finally {
    clearInterval(alive);
    terminal.signal.removeEventListener("abort", stop);
  }
}
