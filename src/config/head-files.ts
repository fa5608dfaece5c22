import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type Diagnostic, hasErrors } from "../core/diagnostics.ts";
import { toError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { diagnose, type Draft, type Finding, textAt } from "./draft.ts";
import { parseDocument } from "./parse.ts";
import { withPart } from "./parsed-document.ts";
import type { Source } from "./sources.ts";

export interface InlinedHeads {
  readonly drafts: readonly Draft[];
  /** The files that were read. */
  readonly sources: readonly Source[];
  readonly diagnostics: readonly Diagnostic[];
}

const GW = ["config", "gw"];
const FILE = [...GW, "head_file"];
const HEAD = [...GW, "head"];

/** Puts what `config.gw.head_file` names in place of it, as `config.gw.head`: the store and everything behind it know no files. */
export async function inlineHeads(drafts: readonly Draft[], cwd: string): Promise<InlinedHeads> {
  const inlined: Draft[] = [];
  const sources = new Map<string, Source>();
  const diagnostics: Diagnostic[] = [];
  for (const draft of drafts) {
    const name = headFileOf(draft);
    if (name === undefined) {
      inlined.push(draft);
      continue;
    }
    const read = await readHead(draft, name, cwd);
    inlined.push(read.draft);
    diagnostics.push(...read.diagnostics);
    if (read.source !== undefined) sources.set(read.source.file, read.source);
  }
  return { drafts: inlined, sources: [...sources.values()], diagnostics };
}

function headFileOf({ collection, value }: Draft): string | undefined {
  if (collection !== "plugins" || value["name"] !== "ai-proxy-advanced") return undefined;
  return textAt(gwOf(value), "head_file");
}

function gwOf({ config }: JsonObject): JsonObject {
  const gw = isJsonObject(config) ? config["gw"] : undefined;
  return isJsonObject(gw) ? gw : {};
}

interface ReadHead {
  /** As it was, when the head cannot be used. */
  readonly draft: Draft;
  readonly source?: Source;
  readonly diagnostics: readonly Diagnostic[];
}

async function readHead(draft: Draft, name: string, cwd: string): Promise<ReadHead> {
  const refuse = (code: Finding["code"], message: string, fix: string, source?: Source): ReadHead => {
    const found = diagnose(draft, { severity: "error", code, message, fix, path: FILE });
    return { draft, diagnostics: found === undefined ? [] : [found], ...(source !== undefined && { source }) };
  };
  if (isJsonObject(gwOf(draft.value)["head"]))
    return refuse("option-conflict", "has both gw.head and gw.head_file.", "Keep one of them.");
  const file = isAbsolute(name) ? name : join(dirname(draft.document.file), name);
  let text: string;
  try {
    text = await readFile(resolve(cwd, file), "utf8");
  } catch (thrown) {
    const { code } = toError(thrown) as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR"
      ? refuse("file-not-found", `there is no file "${file}", which gw.head_file names.`, WRITE_AGAIN)
      : refuse("file-unreadable", `gw.head_file: "${file}" cannot be read (${code}).`, "Check that you may read it.");
  }
  const source = { file, text };
  const { document: part, diagnostics } = await parseDocument(text, file);
  if (part === undefined || hasErrors(diagnostics)) return { draft, source, diagnostics };
  if (!isJsonObject(part.value))
    return refuse("wrong-type", `gw.head_file: "${file}" holds no head.`, WRITE_AGAIN, source);
  const { places } = draft.document;
  const document = { ...draft.document, places: withPart(places, [...draft.path, ...HEAD], part) };
  return { draft: { ...draft, document, value: withHead(draft.value, part.value) }, source, diagnostics };
}

const WRITE_AGAIN = "`gw tune --write` writes it. Names are relative to the configuration file.";

function withHead(value: JsonObject, head: JsonObject): JsonObject {
  const { head_file: _, ...gw } = gwOf(value);
  return { ...value, config: { ...(value["config"] as JsonObject), gw: { ...gw, head } } };
}
