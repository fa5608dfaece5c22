import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { hearStream } from "./secrecy.ts";

const program = fileURLToPath(new URL("../../bin/gw.js", import.meta.url));

export interface GwRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface GwOptions {
  readonly cwd: string;
  /** Added to PATH, HOME and nothing else. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Runs the built program as a user does and collects what it said. */
export async function runGw(args: readonly string[], options: GwOptions): Promise<GwRun> {
  const child = startGw(args, options);
  child.stdin.on("error", () => {}).end(options.stdin ?? "");
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number | null, out, err };
}

/** The same, still running: for signals and kills. */
export function startGw(args: readonly string[], { cwd, env = {} }: GwOptions) {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  hearStream(child.stdout);
  hearStream(child.stderr);
  return child;
}
