import { once } from "node:events";
import { createInterface } from "node:readline";
import { type GwOptions, startGw } from "./run-gw.ts";

/** A running `gw serve`. */
export interface ServedGw {
  /** `http://127.0.0.1:PORT` of the proxy listener. */
  readonly origin: string;
  readonly admin: string;
  /** All that it has printed so far, both streams. */
  output(): string;
  /** Resolves with the first line of the JSON log, past or future, for which `predicate` holds; rejects when gw ends without. */
  logLine(predicate: (line: LogLine) => boolean): Promise<LogLine>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGTERM, without waiting. */
  terminate(): void;
  readonly ended: Promise<number | null>;
  readonly pid: number;
}

export type LogLine = Readonly<Record<string, unknown>>;

/** Starts `gw serve ARGS` on free ports and waits until it says that it is ready. Rejects with its output when it ends before. */
export async function serveGw(args: readonly string[], options: GwOptions): Promise<ServedGw> {
  const listen = ["--proxy-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
  const child = startGw(["serve", ...listen, ...args], options);
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const printed: string[] = [];
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  const origins = new Map<string, string>();
  const wakeAll = (): void => {
    for (const wake of waiting) wake();
  };

  let isOver = false;
  const ended = once(child, "close").then(([code]) => {
    isOver = true;
    process.off("exit", kill);
    wakeAll();
    return code as number | null;
  });
  const ready = new Promise<void>((resolve, reject) => {
    createInterface(child.stderr).on("line", (line) => {
      printed.push(line);
      const match = /^(Proxy|Admin) listener: (\S+)$/.exec(line);
      if (match?.[1] !== undefined && match[2] !== undefined) origins.set(match[1], match[2]);
      if (match?.[1] === "Proxy") resolve();
    });
    ended.then(() => reject(new Error(`gw serve ended:\n${printed.join("\n")}`)), reject);
  });
  createInterface(child.stdout).on("line", (line) => {
    printed.push(line);
    lines.push(JSON.parse(line) as LogLine);
    wakeAll();
  });
  await ready;
  return {
    origin: origins.get("Proxy") ?? "",
    admin: origins.get("Admin") ?? "",
    pid: child.pid ?? 0,
    ended,
    output: () => printed.join("\n"),
    async logLine(predicate) {
      for (;;) {
        const found = lines.find(predicate);
        if (found !== undefined) return found;
        if (isOver) throw new Error(`gw serve ended before it logged that:\n${printed.join("\n")}`);
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    terminate: () => void child.kill("SIGTERM"),
    async stop() {
      child.kill("SIGTERM");
      return await ended;
    },
  };
}
