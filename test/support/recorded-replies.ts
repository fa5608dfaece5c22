import { readFileSync } from "node:fs";

/** One exchange with a real server; fixtures/redis/README.md says which. */
export interface RecordedReply {
  readonly note: string;
  readonly command: readonly Buffer[];
  /** The exact bytes, as latin1. */
  readonly reply: string;
}

interface Entry {
  readonly note: string;
  readonly command: readonly (string | { readonly base64: string })[];
  readonly reply_base64: string;
}

export function readRecordedReplies(name: string): readonly RecordedReply[] {
  const file = new URL(`../../fixtures/redis/${name}`, import.meta.url);
  const entries = JSON.parse(readFileSync(file, "utf8")) as readonly Entry[];
  return entries.map((entry) => ({
    note: entry.note,
    command: entry.command.map((word) =>
      typeof word === "string" ? Buffer.from(word) : Buffer.from(word.base64, "base64"),
    ),
    reply: Buffer.from(entry.reply_base64, "base64").toString("latin1"),
  }));
}
