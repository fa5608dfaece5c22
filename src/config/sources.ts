import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import type { Diagnostic } from "../core/diagnostics.ts";
import { toError } from "../core/errors.ts";
import type { DiagnosticCode } from "./codes.ts";

/** One input as text. `file` is how the user named it; `-` is standard input. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

export interface ReadSources {
  readonly sources: readonly Source[];
  readonly diagnostics: readonly Diagnostic[];
}

const EXTENSIONS: ReadonlySet<string> = new Set([".yaml", ".yml", ".json"]);

/**
 * Files are read whatever their extension; directories recursively, in sorted order, .yaml, .yml and .json only. The same input
 * twice is read once.
 */
export async function readSources(
  inputs: readonly string[],
  options: { readonly cwd: string; readonly stdin: Readable },
): Promise<ReadSources> {
  const sources: Source[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const input of new Set(inputs)) {
    try {
      sources.push(...(input === "-" ? [await readStandardInput(options.stdin)] : await readPath(input, options.cwd)));
    } catch (thrown) {
      diagnostics.push(explain(input, thrown));
    }
  }
  return { sources, diagnostics };
}

async function readStandardInput(stdin: Readable): Promise<Source> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as string | Uint8Array));
  return { file: "-", text: decode(Buffer.concat(chunks)) };
}

async function readPath(input: string, cwd: string): Promise<Source[]> {
  const path = resolve(cwd, input);
  if (!(await stat(path)).isDirectory()) return [{ file: input, text: decode(await readFile(path)) }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && EXTENSIONS.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
  if (names.length === 0) throw new NoFilesError();
  return Promise.all(
    names.map(async (name) => ({ file: join(input, name), text: decode(await readFile(join(path, name))) })),
  );
}

class NoFilesError extends Error {}

/** A byte order mark is no part of the text. */
function decode(bytes: Buffer): string {
  return new TextDecoder("utf-8").decode(bytes);
}

function explain(input: string, thrown: unknown): Diagnostic {
  const error = (code: DiagnosticCode, message: string, fix: string): Diagnostic => ({
    severity: "error",
    code,
    message,
    fix,
  });
  if (thrown instanceof NoFilesError) {
    return error(
      "no-files",
      `The directory "${input}" holds no .yaml, .yml or .json file.`,
      "Name a file, or another directory.",
    );
  }
  const cause = toError(thrown);
  const reason = "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
  if (reason === "ENOENT" || reason === "ENOTDIR") {
    return error(
      "file-not-found",
      `There is no file "${input}".`,
      "Check the path. `gw init` writes a kong.yaml to start from.",
    );
  }
  return error(
    "file-unreadable",
    `"${input}" cannot be read (${reason}).`,
    "Check that it is a file, and that you may read it.",
  );
}
