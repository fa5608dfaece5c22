import { createServer, type RequestListener, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { GatewayRequest } from "./gateway-request.ts";
import { MAX_HEADERS } from "./request-head.ts";

/** PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export type Listener = ReturnType<typeof createListener>;

/** Told when the response has been sent, or its connection is gone. */
interface Watcher {
  connectionClosed(): void;
}

export class GatewayResponse extends ServerResponse<GatewayRequest> {
  #watcher: Watcher | undefined;

  watch(watcher: Watcher): void {
    this.#watcher = watcher;
    this.on("close", onClose);
  }

  tellWatcher(): void {
    this.#watcher?.connectionClosed();
  }
}

/** Shared by all responses: no function is made per request. */
function onClose(this: GatewayResponse): void {
  this.tellWatcher();
}

const settings = {
  IncomingMessage: GatewayRequest,
  ServerResponse: GatewayResponse,
  /** As nginx keeps idle connections (`keepalive_timeout`). */
  keepAliveTimeout: 75_000,
  /** For the whole request, body included; an answer may take as long as it likes. */
  requestTimeout: 300_000,
  headersTimeout: 60_000,
  maxHeaderSize: 32_768,
  /** serve.ts asks for it: Node's own refusal has neither a reason nor a request id. */
  requireHostHeader: false,
};

/** A node:http or node:https server that does not listen yet. Connections beyond `maxConnections` are closed unread. */
export function createListener(
  tls: TlsFiles | undefined,
  maxConnections: number,
  onRequest: RequestListener<typeof GatewayRequest, typeof GatewayResponse>,
) {
  const server =
    tls === undefined ? createServer(settings, onRequest) : createTlsServer({ ...settings, ...tls }, onRequest);
  server.maxConnections = maxConnections;
  // One more than may come, so that it is seen.
  server.maxHeadersCount = MAX_HEADERS + 1;
  return server;
}
