import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Embedder } from "../embeddings/embedder.ts";
import { type Identity, completion, completionChunks, modelList, readChat } from "./answers.ts";
import type { Behaviour, BehaviourSwitch } from "./behaviour.ts";
import type { Dialect } from "./dialects.ts";
import { embeddingList, readEmbeddingCall } from "./embedding-answers.ts";
import type { RequestLog } from "./request-log.ts";

export interface SimulatorParts {
  readonly dialect: Dialect;
  /** The key that clients must send. */
  readonly key: string;
  readonly embedder: Embedder;
  readonly log: RequestLog;
  /** A loopback address. */
  readonly host: string;
}

interface Turn {
  /** Of this request at its simulator, from 1. */
  readonly number: number;
  readonly behaviour: BehaviourSwitch;
  isServing(): boolean;
}

/** One request with everything its answer depends on. */
interface Call extends SimulatorParts {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: JsonObject | undefined;
  readonly behaviour: Behaviour;
  readonly identity: Identity;
  /** Aborted when the connection is gone. */
  readonly signal: AbortSignal;
  /** Closes the connection as a provider does that dies. */
  cut(): void;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Logs one request and answers it. Rejects when the client goes away or sends more than 16 MiB. */
export async function serve(
  parts: SimulatorParts,
  turn: Turn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const at = Date.now();
  const path = (request.url ?? "/").replace(/\?.*/s, "");
  const method = request.method ?? "GET";
  const { authorization } = request.headers;
  const body = await readBody(request);
  const record = parts.log.add({
    provider: parts.dialect.provider,
    method,
    path,
    authorization,
    body,
    model: typeof body?.["model"] === "string" ? body["model"] : undefined,
    stream: body?.["stream"] === true,
    at,
    status: undefined,
    answeredAt: undefined,
    abortedAt: undefined,
  });

  const gone = new AbortController();
  let isCut = false;
  response.once("close", () => {
    if (response.writableFinished) record({ status: response.statusCode, answeredAt: Date.now() });
    else if (!isCut && turn.isServing()) record({ abortedAt: Date.now() });
    gone.abort();
  });
  const cut = (): void => {
    isCut = true;
    response.destroy();
  };
  const identity = { id: `${parts.dialect.idPrefix}${turn.number}`, created: Math.floor(at / 1000) };
  const behaviour = turn.behaviour.next(path);
  await answer(
    { ...parts, method, path, authorization, body, behaviour, identity, signal: gone.signal, cut },
    response,
  );
}

async function answer(call: Call, response: ServerResponse): Promise<void> {
  const { behaviour } = call;
  if (behaviour.delayMs !== undefined) await delay(behaviour.delayMs, undefined, { signal: call.signal });
  if (behaviour.status !== undefined) return fail(call, response, behaviour.status, "The simulator was told to fail.");
  if (call.authorization === undefined) return fail(call, response, 401, "You didn't provide an API key.");
  if (call.authorization !== `Bearer ${call.key}`) return fail(call, response, 401, "Incorrect API key provided.");
  switch (`${call.method} ${call.path}`) {
    case "GET /v1/models":
      return send(response, 200, modelList(call.dialect));
    case "POST /v1/embeddings":
      return await answerEmbeddings(call, response);
    case "POST /v1/chat/completions":
      return await answerChat(call, response);
    default:
      return fail(call, response, 404, `Invalid URL (${call.method} ${call.path})`);
  }
}

async function answerEmbeddings(call: Call, response: ServerResponse): Promise<void> {
  const asked = readEmbeddingCall(call.body);
  if (asked === undefined) return fail(call, response, 400, "'model' and a non-empty 'input' are required.");
  const dimensions = asked.dimensions ?? call.dialect.embeddingDimensions;
  if (dimensions < call.embedder.dimensions) {
    return fail(call, response, 400, `Simulated embeddings have at least ${call.embedder.dimensions} dimensions.`);
  }
  send(response, 200, await embeddingList(asked, dimensions, call.embedder, call.signal));
}

async function answerChat(call: Call, response: ServerResponse): Promise<void> {
  const chat = readChat(call.body);
  if (chat === undefined) return fail(call, response, 400, "'model' and at least one message are required.");
  if (!chat.isStream) return send(response, 200, completion(chat, call.identity));
  const events = completionChunks(chat, call.identity, call.dialect).map((chunk) => JSON.stringify(chunk));
  await stream(call, response, [...events, "[DONE]"]);
}

async function stream(call: Call, response: ServerResponse, events: readonly string[]): Promise<void> {
  const { cutAfterChunks, holdAfterChunks } = call.behaviour;
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  response.flushHeaders();
  for (const [index, event] of events.entries()) {
    if (index === cutAfterChunks) return call.cut();
    if (index === holdAfterChunks) {
      await once(response, "close");
      return;
    }
    if (!response.write(`data: ${event}\n\n`)) await once(response, "drain", { signal: call.signal });
    // Each event leaves on its own, as a provider sends them; and what was cut after it has really been sent.
    await nextTurn(undefined, { signal: call.signal });
  }
  response.end();
}

function fail(call: Call, response: ServerResponse, status: number, message: string): void {
  send(response, status, call.dialect.failure(status, message), call.behaviour.headers);
}

function send(
  response: ServerResponse,
  status: number,
  body: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length, ...headers });
  response.end(bytes);
}

async function readBody(request: IncomingMessage): Promise<JsonObject | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new RangeError("The body is larger than 16 MiB.");
    chunks.push(chunk);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
