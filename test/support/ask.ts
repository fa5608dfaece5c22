import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { hear } from "./secrecy.ts";

/** A whole answer, which `expectNoSecretHeard` has heard. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** undefined when the body is no JSON. */
  readonly json: unknown;
}

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  return await readAnswer(await fetch(url, init));
}

async function readAnswer(response: Response): Promise<Answer> {
  const body = await response.text();
  hear(JSON.stringify([...response.headers]));
  hear(body);
  return { status: response.status, headers: response.headers, text: body, json: parse(body) };
}

/** A chat request to /anything, or to `path`, with `more` in its body. */
export async function askChat(
  origin: string,
  prompt: string,
  { path = "/anything", ...more }: { readonly path?: string; readonly [field: string]: unknown } = {},
): Promise<Answer> {
  return await request(`${origin}${path}`, chatInit(prompt, more));
}

/** For requests whose answer is read as it comes. */
export function chatInit(prompt: string, more: object = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: prompt }], ...more }),
  };
}

/** Sends bytes as they are, and gives what comes back until the server closes the connection. */
export async function sendRaw(origin: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  // The server may close while a large request is still being written.
  socket.on("error", () => {});
  socket.write(bytes);
  const answer = await text(socket);
  hear(answer);
  return answer;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
