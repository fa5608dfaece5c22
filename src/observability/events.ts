import { channel } from "node:diagnostics_channel";

/** One line of the access log, and what metrics count. All times in milliseconds. */
export interface ExchangeEnd {
  readonly exchangeId: string;
  readonly startedAt: number;
  readonly ms: number;
  readonly clientAddress: string;
  readonly method: string;
  /** Without the query: a query may carry a key. */
  readonly path: string;
  /** 499 when the client went away before an answer began. */
  readonly status: number;
  /** The client went away before the answer was complete. */
  readonly isCancelled: boolean;
  readonly bytesSent: number;
  readonly route?: string | undefined;
  readonly service?: string | undefined;
  readonly upstreamMs?: number | undefined;
  readonly proxyMs?: number | undefined;
  /** Code of the error that ended the exchange. */
  readonly errorCode?: string | undefined;
  /** What an AI plugin adds: provider, model, reason, distance, attempts, usage. snake_case, as it is logged. */
  readonly ai?: Readonly<Record<string, unknown>> | undefined;
}

export interface EventMap {
  "exchange-end": ExchangeEnd;
  /** A notice of any layer: `code` is stable, `count` how often it was held back since the last one. */
  notice: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, string | number | boolean>>;
  };
  /** A new configuration is served. */
  "config-swap": { readonly serial: number | undefined; readonly routes: number; readonly ms: number };
  /** A new configuration was refused; the old one is still served. */
  "config-refused": { readonly serial: number | undefined; readonly message: string };
  "attempt-end": {
    readonly exchangeId: string;
    readonly provider: string;
    readonly model: string;
    readonly target: number;
    readonly status?: number;
    readonly errorCode?: string;
    readonly ms: number;
    /** The provider may have charged for it. */
    readonly isBilled: boolean;
  };
  /** The vector of a request's text was asked for. */
  "embedding-lookup": { readonly isCached: boolean };
}

export type EventName = keyof EventMap;

const channels = new Map<EventName, ReturnType<typeof channel>>();

function channelOf(name: EventName): ReturnType<typeof channel> {
  let found = channels.get(name);
  if (found === undefined) {
    found = channel(`gw:${name}`);
    channels.set(name, found);
  }
  return found;
}

export function publish<N extends EventName>(name: N, event: EventMap[N]): void {
  const found = channelOf(name);
  if (found.hasSubscribers) found.publish(event);
}

/** The returned function unsubscribes. */
export function subscribe<N extends EventName>(name: N, listener: (event: EventMap[N]) => void): () => void {
  const found = channelOf(name);
  const onMessage = (message: unknown): void => listener(message as EventMap[N]);
  found.subscribe(onMessage);
  return () => {
    found.unsubscribe(onMessage);
  };
}
