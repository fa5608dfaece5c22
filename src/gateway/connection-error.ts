import type { Server } from "node:net";
import type { Duplex } from "node:stream";
import { rawFailure } from "./fail.ts";
import { nextRequestId } from "./request-id.ts";

/** Answers what never becomes a request: unreadable or too large heads, requests that take too long, CONNECT. */
export function answerConnectionErrors(listener: Server, product: string): void {
  listener.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const [status, reason, message] = answers[error.code ?? ""] ?? badRequest;
    refuse(socket, rawFailure(status, reason, message, nextRequestId(), product));
  });
  listener.on("connect", (_request: unknown, socket: Duplex) => {
    const message = "CONNECT is not supported: gw is not a forward proxy";
    refuse(socket, rawFailure(405, "Method Not Allowed", message, nextRequestId(), product));
  });
}

type RawAnswer = readonly [status: number, reason: string, message: string];

const badRequest: RawAnswer = [400, "Bad Request", "Bad request"];

const answers: Readonly<Record<string, RawAnswer>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout", "Request timeout"],
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large", "Request header or cookie too large"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "Payload Too Large", "Payload too large"],
};

function refuse(socket: Duplex, answer: string): void {
  const response = responseUnderWay(socket);
  // Something of another answer may be on its way: more bytes would be read as part of it.
  if (!socket.writable || response?.headersSent === true) socket.destroy();
  else if (response !== undefined) socket.end(answer, () => socket.destroy());
  else {
    socket.end(answer);
    linger(socket);
  }
}

/** Node keeps the response that owns a connection's output in `_httpMessage`; its own handler of such errors looks there too. */
function responseUnderWay(socket: Duplex): { readonly headersSent: boolean } | undefined {
  const owner: unknown = "_httpMessage" in socket ? socket._httpMessage : undefined;
  if (typeof owner !== "object" || owner === null) return undefined;
  return { headersSent: "headersSent" in owner && owner.headersSent === true };
}

const LINGER_MS = 2_000;

/** As nginx's `lingering_close`: to close while the client still sends would reset the connection, and the client would lose the answer. */
function linger(socket: Duplex): void {
  const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(deadline));
  // A listener of one's own is what takes the connection away from Node's parser, which would report its error again.
  socket.removeAllListeners("data").on("data", drop);
}

function drop(): void {}
