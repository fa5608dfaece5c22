import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { RequestError, UpstreamError } from "../core/errors.ts";

/** The connection of a client that asks for a WebSocket. */
export interface Upgrade {
  readonly socket: Socket;
  /** What the client has sent after its request. */
  readonly head: Buffer;
}

/** Throws RequestError GW_REQUEST_INVALID for a request that no server may answer with 101 (RFC 6455, 4.2.1). */
export function checkHandshake(headers: IncomingHttpHeaders): void {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers["sec-websocket-key"] ?? ""))
    throw new RequestError("GW_REQUEST_INVALID", "A WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes.");
  if (headers["sec-websocket-version"] === undefined)
    throw new RequestError("GW_REQUEST_INVALID", "A WebSocket handshake needs a Sec-WebSocket-Version.");
}

/**
 * Why a 101 does not open a WebSocket, undefined when it does (RFC 6455, 4.2.2): whoever can make a server say 101 without the proof would
 * get a connection to it that nobody looks into.
 */
export function findHandshakeError(sent: IncomingHttpHeaders, answered: readonly string[]): UpstreamError | undefined {
  const expected = createHash("sha1")
    .update(`${sent["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  for (let index = 0; index + 1 < answered.length; index += 2)
    if (answered[index]?.toLowerCase() === "sec-websocket-accept" && answered[index + 1] === expected) return undefined;
  return new UpstreamError("GW_UPSTREAM_INVALID", "The upstream switched protocols without accepting the WebSocket.");
}

/**
 * Lets bytes pass both ways, each side as fast as the other takes them, until one is closed or nothing has come for `idleMs`. Calls
 * `onEnd` once, when both are closed or closing.
 */
export function join({ socket: client, head }: Upgrade, server: Duplex, idleMs: number, onEnd: () => void): void {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    client.destroy();
    server.destroy();
    onEnd();
  };
  client.setTimeout(idleMs, end);
  for (const side of [client, server]) side.on("error", end).on("close", end);
  if (head.length > 0) server.write(head);
  client.pipe(server);
  server.pipe(client);
}
