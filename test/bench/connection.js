import { connect } from "node:net";

/**
 * One keep-alive connection with one request at a time, cheap enough that the load costs less than what it measures. Reads bodies with a
 * length, in chunks, or until the connection closes.
 */
export class Connection {
  #target;
  #socket = null;
  #exchange = null;
  #state = "head";
  #rest = "";
  #left = 0;

  /** @param {{ host: string, port: number }} target */
  constructor(target) {
    this.#target = target;
  }

  /**
   * Calls `onHead(status)`, `onText(latin1)` and last `onEnd(error)`: null, or why the answer is not complete.
   * @param {Buffer} request head and body as they go over the wire
   */
  async send(request, exchange) {
    if (this.#socket === null) await this.#open();
    this.#exchange = exchange;
    this.#state = "head";
    this.#rest = "";
    this.#socket.write(request);
  }

  close() {
    this.#exchange = null;
    this.#socket?.destroy();
  }

  async #open() {
    const socket = connect({ ...this.#target, noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    // What goes wrong later shows as a close before the end of the answer.
    socket.on("error", () => {});
    socket.on("data", (data) => this.#read(data.latin1Slice(0, data.length)));
    socket.on("close", () => {
      this.#socket = null;
      this.#end(this.#state === "until-close" ? null : "closed");
    });
    this.#socket = socket;
  }

  #end(error) {
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.onEnd(error);
  }

  #read(text) {
    let unread = this.#rest + text;
    this.#rest = "";
    while (unread !== "" && this.#exchange !== null) {
      const next = this.#step(unread);
      if (next === undefined) {
        this.#rest = unread;
        return;
      }
      unread = next;
    }
  }

  /** What is left of `text` after one step, undefined when the step needs more. */
  #step(text) {
    switch (this.#state) {
      case "head":
        return this.#readHead(text);
      case "length":
        return this.#readPiece(text, () => this.#end(null));
      case "chunk":
        return this.#readPiece(text, () => {
          this.#state = "chunk-end";
        });
      case "chunk-end":
        if (text.length < 2) return undefined;
        this.#state = "size";
        return text.slice(2);
      case "size":
        return this.#readSize(text);
      case "trailer":
        if (!text.endsWith("\r\n")) return undefined;
        this.#end(null);
        return "";
      default:
        this.#exchange.onText?.(text);
        return "";
    }
  }

  #readHead(text) {
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const head = text.slice(0, end).toLowerCase();
    this.#exchange.onHead?.(Number(head.slice(9, 12)));
    const length = /\r\ncontent-length: ?(\d+)/.exec(head);
    if (head.includes("\r\ntransfer-encoding: chunked")) this.#state = "size";
    else if (length === null) this.#state = "until-close";
    else {
      this.#state = "length";
      this.#left = Number(length[1]);
      if (this.#left === 0) this.#end(null);
    }
    return text.slice(end + 4);
  }

  #readPiece(text, onComplete) {
    const piece = text.slice(0, this.#left);
    this.#left -= piece.length;
    this.#exchange.onText?.(piece);
    if (this.#left === 0) onComplete();
    return text.slice(piece.length);
  }

  #readSize(text) {
    const end = text.indexOf("\r\n");
    if (end < 0) return undefined;
    this.#left = Number.parseInt(text, 16);
    this.#state = this.#left === 0 ? "trailer" : "chunk";
    return text.slice(end + 2);
  }
}
