import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { RequestError } from "../core/errors.ts";

/** Whether a body follows the head. */
export function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers["content-length"];
  return length === undefined ? incoming.headers["transfer-encoding"] !== undefined : length !== "0";
}

/**
 * The whole body. Throws RequestError GW_REQUEST_TOO_LARGE beyond `maxBytes` (0: no limit); what follows is then read and dropped, so
 * that the client can read the answer. Never settles when the client goes away: the caller has to race it.
 */
export function readWhole(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let all: Buffer[] | undefined;
    let size = 0;
    const refuse = (): void => {
      incoming.off("data", onData).off("end", onEnd).resume();
      reject(tooLarge(maxBytes));
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (maxBytes > 0 && size > maxBytes) refuse();
      else if (first === undefined) first = chunk;
      else (all ??= [first]).push(chunk);
    };
    const onEnd = (): void => resolve(all === undefined ? (first ?? empty) : Buffer.concat(all, size));

    if (maxBytes > 0 && Number(incoming.headers["content-length"] ?? 0) > maxBytes) refuse();
    else incoming.on("data", onData).on("end", onEnd);
  });
}

const empty = Buffer.alloc(0);

export function tooLarge(maxBytes: number): RequestError {
  return new RequestError(
    "GW_REQUEST_TOO_LARGE",
    `The request's body is larger than ${maxBytes} bytes, which is the limit of this route (max_request_body_size).`,
    { details: { maxBytes } },
  );
}

/**
 * The body as a stream of its own. The HTTP client destroys the stream that it could not send; destroying the incoming message itself
 * would close the client's connection before it could be answered.
 */
export class BodyStream extends Readable {
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    super();
    this.#incoming = incoming;
    incoming.on("data", this.#onData).on("end", this.#onEnd).pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#incoming.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  override _read(): void {
    this.#incoming.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#incoming.off("data", this.#onData).off("end", this.#onEnd).resume();
    callback(error);
  }
}
