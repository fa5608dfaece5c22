import { Readable } from "node:stream";
import type { Terminal } from "../../src/cli/command.ts";

export interface FakeTerminal extends Terminal {
  /** What was written so far. */
  readonly said: { out: string; err: string };
}

/** A terminal that remembers; nothing of this process is read. */
export function fakeTerminal(given: Partial<Terminal> = {}): FakeTerminal {
  const said = { out: "", err: "" };
  return {
    said,
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    stdin: Readable.from([]),
    isInteractive: false,
    colour: false,
    environment: {},
    cwd: "/nowhere",
    signal: new AbortController().signal,
    ...given,
  };
}
