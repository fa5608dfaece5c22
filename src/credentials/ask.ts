import { readFile } from "node:fs/promises";
import { SecretError, UpstreamError } from "../core/errors.ts";
import type { UpstreamRequest } from "../core/http-message.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Clock } from "../core/clock.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Material } from "./material.ts";

/** What finding credentials may use. */
export interface CredentialTools {
  readonly upstream: Pick<Upstream, "collect">;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly material: Material;
}

/** These servers are near, and their answers small. */
const timeouts = { connectMs: 2_000, writeMs: 5_000, headMs: 5_000, idleMs: 5_000 };
const MAX_BYTES = 1 << 18;

/** The text of an answer of success. `who` begins messages. Throws SecretError: nothing of an answer gets into it but the code of a failure. */
export async function ask(
  { upstream }: CredentialTools,
  who: string,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<string> {
  const { status, body } = await upstream.collect(request, { signal, maxBytes: MAX_BYTES, timeouts }).catch((error) => {
    if (!(error instanceof UpstreamError)) throw error;
    throw new SecretError(
      "GW_SECRET_UNREACHABLE",
      `${who} (${request.origin}) could not be reached: ${error.code}. Check that gw runs where it can be.`,
    );
  });
  const text = body.toString();
  if (status >= 200 && status < 300) return text;
  const isAway = status >= 500 || status === 429;
  throw new SecretError(
    isAway ? "GW_SECRET_UNREACHABLE" : "GW_SECRET_DENIED",
    `${who} (${request.origin}) refused with the status ${status}${shownCode(text)}. Check the target's auth and what it may do.`,
  );
}

/** As `ask`, for answers that are a JSON object. */
export async function askJson(
  tools: CredentialTools,
  who: string,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<JsonObject> {
  return parseJson(await ask(tools, who, request, signal)) ?? unusable(`The answer of ${who} is not a JSON object.`);
}

export function parseJson(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function unusable(message: string): never {
  throw new SecretError("GW_SECRET_UNUSABLE", message);
}

/** Throws SecretError when `url` is none. */
export function getRequest(url: string, headers: readonly string[] = []): UpstreamRequest {
  return { ...placeOf(url), method: "GET", headers, body: null };
}

export function putRequest(url: string, headers: readonly string[]): UpstreamRequest {
  return { ...placeOf(url), method: "PUT", headers, body: null };
}

export function formRequest(url: string, form: Readonly<Record<string, string>>): UpstreamRequest {
  const headers = ["content-type", "application/x-www-form-urlencoded"];
  return { ...placeOf(url), method: "POST", headers, body: new URLSearchParams(form).toString() };
}

function placeOf(url: string): Pick<UpstreamRequest, "origin" | "path"> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    return unusable(`"${url}" is not the http:// or https:// URL of a server that issues credentials.`);
  return { origin: parsed.origin, path: `${parsed.pathname}${parsed.search}` };
}

/** A file that the environment names, as it is now. Throws SecretError. */
export async function readNamedFile(variable: string, path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    throw new SecretError("GW_SECRET_MISSING", `The file "${path}", which ${variable} names, cannot be read.`);
  }
}

/** The word for the failure, as OAuth (RFC 6749, 5.2), AWS and Google say it. */
function shownCode(text: string): string {
  const error = parseJson(text)?.["error"];
  const word = isJsonObject(error) ? error["status"] : (error ?? /<Code>([^<]*)<\/Code>/.exec(text)?.[1]);
  return typeof word === "string" && /^[\w.-]{1,64}$/.test(word) ? ` (${word})` : "";
}
