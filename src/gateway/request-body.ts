import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { RequestError } from "../core/errors.ts";

/** Whether a body follows the head. */
export function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers["content-length"];
  return length === undefined ? incoming.headers["transfer-encoding"] !== undefined : length !== "0";
}

/**
 * The whole body. Throws RequestError GW_REQUEST_TOO_LARGE beyond `limit` bytes; what follows is then read and dropped, so
 * that the client can read the answer. Throws GW_REQUEST_ABORTED when the client goes away, which `onCancel` tells.
 */
export function readWhole(
  incoming: IncomingMessage,
  limit: number,
  onCancel: (listener: () => void) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let all: Buffer[] | undefined;
    let size = 0;
    const refuse = (): void => {
      incoming.off("data", onData).off("end", onEnd).resume();
      reject(tooLarge(limit));
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) refuse();
      else if (first === undefined) first = chunk;
      else (all ??= [first]).push(chunk);
    };
    const onEnd = (): void => resolve(all === undefined ? (first ?? empty) : Buffer.concat(all, size));

    if (Number(incoming.headers["content-length"] ?? 0) > limit) refuse();
    else incoming.on("data", onData).on("end", onEnd);
    onCancel(() => reject(gone()));
  });
}

function gone(): RequestError {
  return new RequestError("GW_REQUEST_ABORTED", "The client went away before its request was complete.");
}

const empty = Buffer.alloc(0);

export function tooLarge(maxBytes: number): RequestError {
  return new RequestError(
    "GW_REQUEST_TOO_LARGE",
    `The request's body is larger than ${maxBytes} bytes, which is the limit of this route (max_request_body_size or request-size-limiting).`,
    { details: { maxBytes } },
  );
}

/**
 * The body as a stream of its own. The HTTP client destroys the stream that it could not send; destroying the incoming message itself
 * would close the client's connection before it could be answered. It ends with `refusal` where it grows beyond `limit` bytes.
 * What nobody has begun to read is left to `renew`; if nobody does, Node drops it after the answer.
 */
export class BodyStream extends Readable {
  refusal: RequestError | undefined;
  readonly #incoming: IncomingMessage;
  readonly #limit: number;
  #size = 0;
  #isTouched = false;

  constructor(incoming: IncomingMessage, limit: number) {
    super();
    this.#incoming = incoming;
    this.#limit = limit;
    incoming.on("data", this.#onData).on("end", this.#onEnd).pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#size += chunk.length;
    if (this.#size > this.#limit) this.destroy((this.refusal = tooLarge(this.#limit)));
    else if (!this.push(chunk)) this.#incoming.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  /** The same body for another attempt; undefined when some of it has been read. */
  renew(): BodyStream | undefined {
    return this.#isTouched ? undefined : new BodyStream(this.#incoming, this.#limit);
  }

  override _read(): void {
    this.#isTouched = true;
    this.#incoming.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#incoming.off("data", this.#onData).off("end", this.#onEnd);
    if (this.#isTouched) this.#incoming.resume();
    callback(error);
  }
}
