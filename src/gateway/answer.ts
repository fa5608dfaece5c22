import type { ServerResponse } from "node:http";

/** Up to here an answer of known length is collected and sent with its head in one write. */
const SMALL_BYTES = 65_536;

/**
 * Writes an answer with as few system calls as it takes: one for a small complete answer. The head of a stream waits for the first
 * chunk of the same turn of the event loop, not longer.
 */
export class Answer {
  /** Of the body, so far. */
  bytesSent = 0;
  readonly #response: ServerResponse;
  readonly #hasNoBody: boolean;
  #status = 0;
  #headers: string[] | undefined;
  #isWhole = false;
  #hasLength = false;
  #held: Buffer[] | undefined;

  constructor(response: ServerResponse, method: string) {
    this.#response = response;
    this.#hasNoBody = method === "HEAD";
  }

  /** 0 until it has begun. */
  get status(): number {
    return this.#status;
  }

  begin(status: number, headers: string[]): void {
    const length = contentLength(headers);
    this.#status = status;
    this.#headers = headers;
    this.#hasLength = length !== undefined;
    this.#isWhole = length !== undefined && length <= SMALL_BYTES;
    if (!this.#isWhole) setImmediate(flushHead, this);
  }

  /** False when the client's buffer is full. */
  write(chunk: Buffer | string): boolean {
    if (chunk.length === 0) return true;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.bytesSent += bytes.length;
    if (this.#isWhole) {
      (this.#held ??= []).push(bytes);
      return true;
    }
    this.#sendHead();
    return this.#response.write(bytes);
  }

  end(chunk?: Buffer | string): void {
    if (this.#headers !== undefined) this.#sendWhole(chunk);
    else {
      if (chunk !== undefined) this.bytesSent += Buffer.byteLength(chunk);
      this.#response.end(chunk);
    }
  }

  /** Takes back an answer of which nothing has been sent, so that another can begin. False when it is too late. */
  takeBack(): boolean {
    if (this.#headers === undefined) return this.#status === 0;
    this.#status = 0;
    this.#headers = undefined;
    this.#held = undefined;
    this.bytesSent = 0;
    return true;
  }

  /** Sends a head that still waits for its first chunk. */
  flush(): void {
    if (this.#headers === undefined || this.#response.destroyed) return;
    this.#sendHead();
    this.#response.flushHeaders();
  }

  #sendWhole(last: Buffer | string | undefined): void {
    const body = this.#collect(last);
    if (!this.#hasLength && this.#mayHaveLength(body)) this.#headers?.push("Content-Length", String(body?.length ?? 0));
    this.#sendHead();
    // As a string of the same bytes it travels in one buffer with the head; a Buffer would be a second write.
    if (body === undefined) this.#response.end();
    else if (body.length > SMALL_BYTES) this.#response.end(body);
    else this.#response.end(body.toString("latin1"), "latin1");
  }

  #collect(last: Buffer | string | undefined): Buffer | undefined {
    const held = this.#held ?? [];
    if (last !== undefined && last.length > 0) {
      const bytes = typeof last === "string" ? Buffer.from(last) : last;
      this.bytesSent += bytes.length;
      held.push(bytes);
    }
    return held.length < 2 ? held[0] : Buffer.concat(held);
  }

  /** RFC 9110, 8.6: none on 1xx and 204; on HEAD and 304 it would tell of a body that is not known here. */
  #mayHaveLength(body: Buffer | undefined): boolean {
    if (this.#status === 204 || this.#status < 200) return false;
    return body !== undefined || (!this.#hasNoBody && this.#status !== 304);
  }

  #sendHead(): void {
    const headers = this.#headers;
    if (headers === undefined) return;
    this.#headers = undefined;
    try {
      this.#response.writeHead(this.#status, headers);
    } catch {
      // A header that HTTP cannot carry: the client learns that there is no answer, and no caller has to expect an exception here.
      this.#response.destroy();
    }
  }
}

function flushHead(answer: Answer): void {
  answer.flush();
}

function contentLength(headers: readonly string[]): number | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (name.length === 14 && name.toLowerCase() === "content-length") return Number(headers[index + 1]);
  }
  return undefined;
}
