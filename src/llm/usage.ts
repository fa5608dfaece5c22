import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { SseScanner } from "./sse.ts";

/** What a provider says it counted. Names as OpenAI's API and Kong's log have them. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** `cached_tokens` of the prompt were read from a cache, `cache_write_tokens` written to one: for how long is in `cache_write_ttls`. */
  readonly prompt_tokens_details?: JsonObject;
  readonly completion_tokens_details?: JsonObject;
  /** The class of service that was charged: `default`, `priority`, `flex`, … */
  readonly service_tier?: string;
}

/** What a provider says of the prompt besides its length. */
export interface PromptCounts {
  readonly cached: number;
  readonly written?: number;
  /** Parts of `written`, by lifetime: `5m`, `1h`. */
  readonly writtenFor?: Readonly<Record<string, number>>;
  readonly tier?: Json | undefined;
}

/** Counts that a driver has put together. `prompt` includes what the cache had or took. */
export function tallied(
  prompt: number,
  completion: number,
  { cached, written = 0, writtenFor = {}, tier }: PromptCounts,
): Usage {
  const counts = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  const usage = { ...counts, ...tierOf(tier) };
  if (cached + written === 0) return usage;
  const lifetimes = Object.keys(writtenFor).length === 0 ? {} : { cache_write_ttls: writtenFor };
  const writes = written === 0 ? {} : { cache_write_tokens: written, ...lifetimes };
  return { ...usage, prompt_tokens_details: { cached_tokens: cached, ...writes } };
}

function tierOf(tier: Json | undefined): Pick<Usage, "service_tier"> {
  return typeof tier === "string" ? { service_tier: tier } : {};
}

/** Reads the usage out of an answer that passes by, whole or streamed. */
export interface UsageReader {
  push(chunk: Buffer): void;
  /** Events of a stream so far: most providers send a token in each. 0 for a whole answer. */
  readonly events: number;
  /** After the last chunk; undefined when the provider did not say. */
  end(): Usage | undefined;
}

/** A longer whole answer is not kept for its usage. */
const MAX_ANSWER_BYTES = 4 << 20;

export function createUsageReader(isStream: boolean): UsageReader {
  return createReader(isStream, readUsage);
}

/** For answers that say it in other words: `read` gets the JSON text of an answer, or of an event. */
export function createReader(isStream: boolean, read: (text: string) => Usage | undefined): UsageReader {
  return isStream ? streamedUsage(read) : wholeUsage((body) => read(body.toString()));
}

/** Of an answer's JSON text. */
export function readUsage(text: string): Usage | undefined {
  try {
    return usageOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Of an answer, or of an event of one, in OpenAI's format. */
export function usageOf(answer: unknown): Usage | undefined {
  const usage = isJsonObject(answer) ? answer["usage"] : undefined;
  if (!isJsonObject(usage)) return undefined;
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  if (typeof prompt !== "number" || typeof completion !== "number") return undefined;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: typeof total === "number" ? total : prompt + completion,
    ...detailsOf(usage, "prompt_tokens_details"),
    ...detailsOf(usage, "completion_tokens_details"),
    ...tierOf(isJsonObject(answer) ? answer["service_tier"] : undefined),
  };
}

function detailsOf(usage: JsonObject, name: string): Partial<Usage> {
  const details = usage[name];
  return isJsonObject(details) ? { [name]: details } : {};
}

/** `read` gets the whole answer. */
export function wholeUsage(read: (body: Buffer) => Usage | undefined): UsageReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    events: 0,
    push(chunk) {
      bytes += chunk.length;
      if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
    },
    end: () => (bytes > MAX_ANSWER_BYTES ? undefined : read(Buffer.concat(chunks))),
  };
}

/** Providers repeat the count with growing numbers, or send it once at the end: the last one holds. */
function streamedUsage(read: (text: string) => Usage | undefined): UsageReader {
  let last: Usage | undefined;
  let events = 0;
  const scanner = new SseScanner((data) => {
    events += 1;
    if (data.includes('"usage"')) last = read(data) ?? last;
  });
  return {
    get events() {
      return events;
    },
    push: (chunk) => scanner.push(chunk),
    end: () => last,
  };
}
