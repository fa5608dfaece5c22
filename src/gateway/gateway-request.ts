import { IncomingMessage } from "node:http";

/**
 * A request as Node's parser makes it, except that only WebSockets are upgrades. Node hands every request that offers one to the
 * `upgrade` event, where nobody reads bodies; other offers may be ignored (RFC 9110, 7.8), and Java's client offers h2c with every first
 * request.
 */
export class GatewayRequest extends IncomingMessage {
  #isUpgrade = false;

  /** Set and asked by Node's server when the head has been read. */
  get upgrade(): boolean {
    return this.#isUpgrade && (this.method === "CONNECT" || offersWebSocket(this));
  }

  set upgrade(value: boolean) {
    // IncomingMessage's constructor sets it before there is a field.
    if (#isUpgrade in this) this.#isUpgrade = value;
  }
}

/** With a body the bytes after the head would be neither frames nor a request: such an offer is ignored. */
function offersWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  if (method !== "GET" || httpVersion !== "1.1" || headers.upgrade?.toLowerCase() !== "websocket") return false;
  return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
}
