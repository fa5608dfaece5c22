import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Terminal } from "./command.ts";

/** Asks on the terminal; anything but y or yes is a no, and so is the end of the input. Rejects when the terminal's signal aborts. */
export async function confirm(question: string, terminal: Terminal): Promise<boolean> {
  const lines = createInterface({ input: terminal.stdin });
  try {
    terminal.err(`${question} [y/N] `);
    const answer = await Promise.race([
      once(lines, "line", { signal: terminal.signal }).then(([line]) => String(line)),
      once(lines, "close", { signal: terminal.signal }).then(() => ""),
    ]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
