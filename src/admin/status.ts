import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cannotListen } from "../gateway/listen-error.ts";
import type { SecretStatus } from "../secrets/lookup.ts";
import { secretStatusJson } from "./secret-status.ts";

/** What is asked anew for every answer. */
export interface StatusFacts {
  readonly version: string;
  /** Of the configuration that is served; undefined when it came from files. */
  readonly serial: number | undefined;
  readonly routes: number;
  /** Since the start. */
  readonly requests: number;
  readonly inFlight: number;
  readonly secrets: readonly SecretStatus[];
}

export interface StatusSource {
  facts(): StatusFacts;
  /** Why the gateway is not ready; empty when it is. */
  problems(): readonly string[];
}

export interface StatusServer {
  /** Throws UsageError when the address cannot be had. */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  close(): Promise<void>;
}

/** The admin listener: says how the gateway is, and changes nothing. */
export function createStatusServer(source: StatusSource): StatusServer {
  const startedAt = performance.now();
  const server = createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path !== "/status" && path !== "/status/ready") answer(response, 404, { message: "Not found" });
    else if (request.method !== "GET" && request.method !== "HEAD")
      answer(response, 405, { message: "Method not allowed" });
    else if (path === "/status") answer(response, 200, toStatus(source.facts(), performance.now() - startedAt));
    else answerReady(response, source.problems());
  });
  return {
    async listen(host, port) {
      await new Promise<void>((resolve, reject) => {
        server.once("error", (error) => reject(cannotListen(host, port, error)));
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

function toStatus(facts: StatusFacts, uptimeMs: number): object {
  return {
    version: facts.version,
    serial: facts.serial ?? null,
    routes: facts.routes,
    uptime_seconds: Math.floor(uptimeMs / 1_000),
    requests: facts.requests,
    in_flight: facts.inFlight,
    secrets: facts.secrets.map(secretStatusJson),
  };
}

function answerReady(response: ServerResponse, problems: readonly string[]): void {
  if (problems.length === 0) answer(response, 200, { message: "ready" });
  else answer(response, 503, { message: "not ready", problems });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" });
  response.end(JSON.stringify(body));
}
