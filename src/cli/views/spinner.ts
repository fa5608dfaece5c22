import ora from "ora";
import type { Terminal } from "../command.ts";

export interface Spinner {
  stop(): void;
}

/** On a terminal only; elsewhere nothing is printed. */
export function startSpinner(text: string, terminal: Terminal): Spinner {
  if (!terminal.isInteractive || !terminal.colour) return { stop: () => {} };
  // discardStdin would take the keyboard, and with it Ctrl-C.
  return ora({ text, discardStdin: false }).start();
}
