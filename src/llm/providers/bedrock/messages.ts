import type { JsonObject } from "../../../core/json.ts";
import type { Turn, UserPart } from "../../conversation.ts";
import { invalidRequest } from "../../chat.ts";
import { type JoinedMessage, joinTurns } from "../../joined-turns.ts";
import { parseObject } from "../../read-answer.ts";

export function toMessages(turns: readonly Turn[]): readonly JoinedMessage[] {
  return joinTurns(turns, toBlocks);
}

function toBlocks(turn: Turn): JsonObject[] {
  switch (turn.role) {
    case "user":
      return turn.parts.flatMap(toBlock);
    case "assistant":
      return [
        ...textBlocks(turn.text),
        ...turn.toolCalls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
      ];
    default:
      return [{ toolResult: { toolUseId: turn.toolCallId, content: toResult(turn.text) } }];
  }
}

/** What is an object goes as one. */
function toResult(text: string): JsonObject[] {
  const json = parseObject(text);
  return json === undefined ? textBlocks(text) : [{ json }];
}

function toBlock(part: UserPart): JsonObject[] {
  switch (part.kind) {
    case "text":
      return textBlocks(part.text);
    case "image-url":
      return [imageBlock({ s3Location: { uri: inS3(part.url) } }, part.url.split(".").at(-1))];
    default:
      return [imageBlock({ bytes: part.data }, part.mediaType.split("/").at(-1))];
  }
}

function imageBlock(source: JsonObject, kind: string | undefined): JsonObject {
  return { image: { format: formatOf(kind), source } };
}

/** Bedrock fetches from its own store only. */
function inS3(url: string): string {
  if (url.startsWith("s3://")) return url;
  throw invalidRequest("an image is given by its URL, which bedrock does not fetch: send it as data, or as s3://…");
}

function formatOf(kind: string | undefined): string {
  const format = kind?.toLowerCase() === "jpg" ? "jpeg" : kind?.toLowerCase();
  if (format !== undefined && formats.has(format)) return format;
  throw invalidRequest(`an image is of a kind that bedrock does not take: send ${[...formats].join(", ")}`);
}

const formats: ReadonlySet<string> = new Set(["png", "jpeg", "gif", "webp"]);

/** The API refuses blank texts. */
function textBlocks(text: string): JsonObject[] {
  return text.trim() === "" ? [] : [{ text }];
}
