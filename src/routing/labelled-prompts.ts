import { UsageError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** One line of a file for `gw eval`, `gw tune` or `gw diff --prompts`. */
export interface LabelledPrompt {
  /** Its own, or the number of the line from 1. */
  readonly id: string;
  /** The last message's text, for reports. */
  readonly prompt: string;
  readonly messages: readonly JsonObject[];
  /** As `expect` says it, or what `label` is mapped to; undefined where the file need not say. */
  readonly expect: string | undefined;
  readonly label: string | undefined;
  readonly source: string | undefined;
}

/**
 * Reads JSON Lines: `{"prompt" or "messages", "expect" or "label", "source"?, "id"?}` each, empty lines passed over. `labels` says which
 * target a `label` means. Throws UsageError with the line of the first mistake; `file` is its name there.
 */
export function parsePrompts(
  text: string,
  labels: ReadonlyMap<string, string>,
  { file, mustExpect }: { readonly file: string; readonly mustExpect: boolean },
): readonly LabelledPrompt[] {
  const rows = text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const at = `${file}:${index + 1}`;
    const row = toRow(parseLine(line, at), index + 1, labels, at);
    if (mustExpect && row.expect === undefined) throw new UsageError(`${at}: ${whyNothingExpected(row)}`);
    return [row];
  });
  if (rows.length === 0) throw new UsageError(`${file} holds no prompts: one JSON object a line is expected.`);
  return rows;
}

/** `programming=gpt-4o,other=CATCHALL` as a map. Throws UsageError for anything else. */
export function parseLabelMap(text: string | undefined): ReadonlyMap<string, string> {
  const pairs = (text ?? "").split(",").filter((pair) => pair.trim() !== "");
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      const [label, target] = [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim()];
      if (label === "" || target === "")
        throw new UsageError(
          `--map "${pair.trim()}": write label=target, as in --map programming=gpt-4o,other=CATCHALL.`,
        );
      return [label, target];
    }),
  );
}

function parseLine(line: string, at: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new UsageError(`${at}: not JSON. Write one object a line: {"prompt": "…", "expect": "gpt-4o"}.`);
  }
  if (!isJsonObject(parsed)) throw new UsageError(`${at}: expected an object: {"prompt": "…", "expect": "gpt-4o"}.`);
  return parsed;
}

function toRow(line: JsonObject, number: number, labels: ReadonlyMap<string, string>, at: string): LabelledPrompt {
  const messages = messagesOf(line, at);
  const label = nameOf(line["label"]);
  return {
    id: nameOf(line["id"]) ?? String(number),
    prompt: lastText(messages),
    messages,
    expect: nameOf(line["expect"]) ?? (label === undefined ? undefined : labels.get(label)),
    label,
    source: nameOf(line["source"]),
  };
}

function messagesOf({ prompt, messages }: JsonObject, at: string): readonly JsonObject[] {
  if (typeof prompt === "string") return [{ role: "user", content: prompt }];
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isJsonObject)) return messages;
  throw new UsageError(`${at}: it has neither a "prompt" (a string) nor "messages" (a list of messages).`);
}

/** An index may be written as a number. */
function nameOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function lastText(messages: readonly JsonObject[]): string {
  const content = messages.at(-1)?.["content"];
  return typeof content === "string" ? content : JSON.stringify(content ?? null);
}

function whyNothingExpected({ label }: LabelledPrompt): string {
  if (label === undefined) return 'it says no target: add "expect" (a model name, provider/model, or an index).';
  return `the label "${label}" means no target: add it to --map, as in --map ${label}=gpt-4o.`;
}
