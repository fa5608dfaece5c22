import type { AddressInfo, Socket } from "node:net";
import { publish } from "../observability/events.ts";
import { errorCodes } from "../core/error-codes.ts";
import { answerConnectionErrors } from "./connection-error.ts";
import { type ExchangeHost, HttpExchange } from "./exchange.ts";
import { fail } from "./fail.ts";
import type { GatewayRequest } from "./gateway-request.ts";
import { cannotListen } from "./listen-error.ts";
import { createListener, GatewayResponse, type Listener, type TlsFiles } from "./listener.ts";
import type { Runtime } from "./runtime.ts";
import { serve } from "./serve.ts";
import type { Upgrade } from "./websocket.ts";

export interface GatewayServerOptions {
  readonly runtime: Runtime;
  /** For `Server` and `Via`: `gw/0.1.0`. */
  readonly product: string;
  /** Of each listener. */
  readonly maxConnections?: number;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls?: TlsFiles;
}

export interface GatewayServer {
  /** May be called several times. Throws UsageError when the address cannot be had. */
  listen(options: ListenOptions): Promise<{ readonly host: string; readonly port: number }>;
  /** Serves new requests by `runtime` from now on. Settles when the last request of the one before has ended and it is closed. */
  swap(runtime: Runtime): Promise<void>;
  /** From now on TLS clients see another certificate; connections that are open stay. Throws when the files cannot be used. */
  renewTls(files: TlsFiles): void;
  readonly runtime: Runtime;
  /** Since the start. */
  readonly requests: number;
  readonly inFlight: number;
  /** Accepts nothing more, lets requests finish for at most `drainMs`, cuts what remains, and closes the runtime. */
  close(drainMs: number): Promise<void>;
}

export function createGatewayServer(options: GatewayServerOptions): GatewayServer {
  return new HttpGatewayServer(options);
}

/** Connections that wait to be accepted; the kernel may allow fewer. */
const BACKLOG = 4_096;

/** Kong's `worker_connections`. */
export const MAX_CONNECTIONS = 16_384;

class HttpGatewayServer implements GatewayServer {
  runtime: Runtime;
  requests = 0;
  inFlight = 0;
  readonly #product: string;
  readonly #maxConnections: number;
  readonly #listeners: Listener[] = [];
  /** Connections of WebSockets, which their listeners no longer know. */
  readonly #upgraded = new Set<Socket>();
  #isDraining = false;

  constructor({ runtime, product, maxConnections = MAX_CONNECTIONS }: GatewayServerOptions) {
    this.#maxConnections = maxConnections;
    this.runtime = runtime;
    this.#product = product;
  }

  async listen({ host, port, tls }: ListenOptions): Promise<{ readonly host: string; readonly port: number }> {
    const exchangeHost: ExchangeHost = {
      product: this.#product,
      scheme: tls === undefined ? "http" : "https",
      isDraining: () => this.#isDraining,
      onOver: (exchange) => this.#onOver(exchange),
    };
    const listener = createListener(tls, this.#maxConnections, (incoming, response) =>
      this.#onRequest(incoming, response, exchangeHost),
    );
    answerConnectionErrors(listener, this.#product);
    listener.on("upgrade", (incoming: GatewayRequest, socket: Socket, head: Buffer) =>
      this.#onUpgrade(incoming, { socket, head }, exchangeHost),
    );
    await new Promise<void>((resolve, reject) => {
      listener.once("error", (error) => reject(cannotListen(host, port, error)));
      listener.listen({ host, port, backlog: BACKLOG }, resolve);
    });
    this.#listeners.push(listener);
    const address = listener.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  /** Node has taken its hands off the connection: what it does for a request otherwise is done here. */
  #onUpgrade(incoming: GatewayRequest, upgrade: Upgrade, host: ExchangeHost): void {
    const { socket } = upgrade;
    const response = new GatewayResponse(incoming);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on("finish", () => socket.destroySoon());
    socket.on("drain", () => response.emit("drain")).on("error", () => socket.destroy());
    this.#upgraded.add(socket);
    socket.once("close", () => this.#upgraded.delete(socket));
    this.#onRequest(incoming, response, host, upgrade);
  }

  #onRequest(incoming: GatewayRequest, response: GatewayResponse, host: ExchangeHost, upgrade?: Upgrade): void {
    const { runtime } = this;
    runtime.acquire();
    this.requests += 1;
    this.inFlight += 1;
    const exchange = new HttpExchange(incoming, response, host, runtime);
    exchange.upgrade = upgrade;
    response.watch(exchange);
    // Node tells a response that waits behind another of its connection nothing about the end of that connection.
    if (response.socket === null) incoming.socket.once("close", () => exchange.connectionClosed());
    serve(exchange, runtime).catch((error: unknown) => fail(exchange, error));
  }

  #onOver(exchange: HttpExchange): void {
    const { route, service, isCancelled } = exchange;
    // As nginx: the client went away before an answer began.
    const isAbandoned = isCancelled && exchange.status === 0;
    this.inFlight -= 1;
    publish("exchange-end", {
      exchangeId: exchange.id,
      startedAt: exchange.startedAt,
      ms: performance.now() - exchange.startedAt,
      clientAddress: exchange.clientAddress,
      method: exchange.request.method,
      path: exchange.request.rawPath,
      status: isAbandoned ? errorCodes.GW_REQUEST_ABORTED.status : exchange.status,
      isCancelled,
      bytesSent: exchange.bytesSent,
      route: route.id === "" ? undefined : (route.name ?? route.id),
      service: service && (service.name ?? service.id),
      upstreamMs: exchange.upstreamMs,
      proxyMs: exchange.proxyMs,
      errorCode: exchange.errorCode ?? (isAbandoned ? "GW_REQUEST_ABORTED" : undefined),
      ai: exchange.ai,
    });
  }

  renewTls(files: TlsFiles): void {
    for (const listener of this.#listeners) if ("setSecureContext" in listener) listener.setSecureContext(files);
  }

  swap(runtime: Runtime): Promise<void> {
    const before = this.runtime;
    this.runtime = runtime;
    return before.close();
  }

  async close(drainMs: number): Promise<void> {
    this.#isDraining = true;
    const closed = Promise.all(this.#listeners.map(closeListener));
    if (this.inFlight === 0) this.#closeConnections();
    const deadline = setTimeout(() => this.#closeConnections(), drainMs);
    await closed;
    clearTimeout(deadline);
    await this.runtime.close();
  }

  /** Node itself closes only those that were idle when the listener was closed, not those that clients keep after their last answer. */
  #closeConnections(): void {
    for (const listener of this.#listeners) listener.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
  }
}

function closeListener(listener: Listener): Promise<void> {
  return new Promise((resolve) => {
    listener.close(() => resolve());
  });
}
