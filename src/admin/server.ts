import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cannotListen } from "../gateway/listen-error.ts";
import { METRICS_TYPE } from "../observability/metrics.ts";
import { findEntity, isListed, listEntities, type ShownConfig } from "./entities.ts";
import { secretsJson, type StatusFacts, toStatus } from "./status.ts";
import { isAllowed } from "./token.ts";

/** What is asked anew for every answer. */
export interface AdminSource {
  facts(): StatusFacts | Promise<StatusFacts>;
  /** Why the gateway is not ready; empty when it is. */
  problems(): readonly string[] | Promise<readonly string[]>;
  /** The configuration that is served, secrets masked. */
  entities(): ShownConfig | Promise<ShownConfig>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
}

export interface AdminOptions {
  /** What callers have to send; undefined: nothing. */
  readonly token?: string | undefined;
}

export interface AdminServer {
  /** Throws UsageError when the address cannot be had. */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  close(): Promise<void>;
}

/** The admin listener: says how the gateway is, and changes nothing. Without the token only whether it is ready. */
export function createAdminServer(source: AdminSource, { token }: AdminOptions = {}): AdminServer {
  const server = createServer((request, response) => {
    reply(request, source, token).then(
      (answer) => send(response, answer),
      () => send(response, json(500, { message: "An unexpected error occurred" })),
    );
  });
  return {
    async listen(host, port) {
      await new Promise<void>((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
        server.listen({ host, port }, resolve);
      });
      const address = server.address() as AddressInfo;
      return { host: address.address, port: address.port };
    },
    async close() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function reply(request: IncomingMessage, source: AdminSource, token: string | undefined): Promise<Answer> {
  const segments = pathOf(request);
  const [first = "", second, ...rest] = segments;
  const isKnown = first === "status" || first === "metrics" || isListed(first);
  if (!isKnown || rest.length > 0) return json(404, { message: "Not found" });
  if (request.method !== "GET" && request.method !== "HEAD") return json(405, { message: "Method not allowed" });

  const mayRead = isAllowed(request.headers, token);
  if (first === "status" && second === "ready") return ready(await source.problems(), mayRead);
  if (!mayRead) return json(401, { message: "Unauthorized" });
  if (first === "status" && second === "secrets") return json(200, secretsJson(await source.facts()));
  if (first === "status") return second === undefined ? json(200, toStatus(await source.facts())) : notFound;
  if (first === "metrics")
    return second === undefined ? { status: 200, type: METRICS_TYPE, body: await source.metrics() } : notFound;
  const entities = await source.entities();
  if (second === undefined) return json(200, { data: listEntities(entities, first), next: null });
  const found = findEntity(entities, first, second);
  return found === undefined ? notFound : json(200, found);
}

/** Decoded; a path that cannot be decoded is none that is known. */
function pathOf({ url = "/" }: IncomingMessage): readonly string[] {
  const [path = ""] = url.split("?", 1);
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Probes have no token: they learn whether, not why. */
function ready(problems: readonly string[], mayRead: boolean): Answer {
  if (problems.length === 0) return json(200, { message: "ready" });
  return json(503, mayRead ? { message: "not ready", problems } : { message: "not ready" });
}

function json(status: number, body: object): Answer {
  return { status, type: "application/json; charset=utf-8", body: JSON.stringify(body) };
}

const notFound = json(404, { message: "Not found" });

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" });
  response.end(body);
}
