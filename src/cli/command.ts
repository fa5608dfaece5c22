import type { Readable } from "node:stream";

/** Where a program reads and writes; tests pass their own. */
export interface Terminal {
  /** The result. */
  out(text: string): void;
  /** The talk. */
  err(text: string): void;
  readonly stdin: Readable;
  readonly isInteractive: boolean;
  /** Colour on stdout and on stderr. */
  readonly colour: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

export interface Option {
  /** commander's syntax: `-o, --output-file <file>`. */
  readonly flags: string;
  readonly summary: string;
  readonly default?: string | boolean | readonly string[];
  /** The flag may be given more than once; its value is a list. */
  readonly isList?: boolean;
  readonly choices?: readonly string[];
}

export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A command is a value: cli/main.ts turns it into the command line. Every flag also has a GW_… variable. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** commander's syntax: `[file...]`. */
  readonly arguments?: string;
  readonly options: readonly Option[];
  /** The exit code. Throws GwError, which cli/main.ts prints. */
  run(args: readonly string[], options: OptionValues, terminal: Terminal): Promise<number>;
}
