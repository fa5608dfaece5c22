import type { Route } from "../config/types.ts";
import { BugError, RequestError } from "../core/errors.ts";
import { runChain } from "./chain.ts";
import type { HttpExchange } from "./exchange.ts";
import { splitHost } from "./host-pattern.ts";
import { proxyToService } from "./proxy.ts";
import { checkHead } from "./request-head.ts";
import type { RoutePlan, Runtime, RuntimeMatch } from "./runtime.ts";
import { proxyToTargets } from "./upstreams/proxy-to-targets.ts";
import { checkHandshake } from "./websocket.ts";

/** Serves one exchange by a runtime. Throws GwError for what gateway/fail.ts is to answer. */
export async function serve(exchange: HttpExchange, runtime: Runtime): Promise<void> {
  checkHeadOrClose(exchange);
  const match = findRoute(exchange, runtime);
  const { plan } = match;
  exchange.request.captures = match.captures;
  exchange.route = { id: plan.route.id, name: plan.route.name };
  if (plan.service !== undefined) exchange.service = { id: plan.service.id, name: plan.service.name };
  if (plan.unavailable.length > 0) throw unavailable(plan);
  if (exchange.host.scheme === "http" && !plan.route.protocols.includes("http")) {
    requireHttps(exchange, plan.route);
    return;
  }
  if (exchange.upgrade !== undefined) checkUpgrade(exchange, plan);
  await runChain(plan.links, exchange, () => proxy(exchange, match, runtime));
  if (exchange.status === 0 && !exchange.isOver)
    throw new BugError("No plugin of the route answered or called next().");
}

function proxy(exchange: HttpExchange, match: RuntimeMatch, { upstream }: Runtime): Promise<void> {
  const { service, group } = match.plan;
  if (service === undefined || group === undefined) return proxyToService(exchange, match, upstream);
  return proxyToTargets(exchange, match, { service, group }, upstream);
}

function checkUpgrade({ incoming }: HttpExchange, { links }: RoutePlan): void {
  checkHandshake(incoming.headers);
  // AI plugins are those that can explain a choice: they answer requests, not connections.
  if (links.every(({ plugin }) => plugin.explain === undefined)) return;
  throw new RequestError("GW_REQUEST_UPGRADE", "An AI route has no WebSockets: send a plain HTTP request.");
}

/** Whatever follows on a connection whose requests are in doubt is in doubt, too. */
function checkHeadOrClose(exchange: HttpExchange): void {
  try {
    checkHead(exchange.incoming);
  } catch (error) {
    exchange.addHeader("Connection", "close");
    throw error;
  }
}

function findRoute(exchange: HttpExchange, runtime: Runtime): RuntimeMatch {
  const { request, incoming, host } = exchange;
  const match = runtime.match({
    method: request.method,
    scheme: host.scheme,
    host: request.header("host") ?? "",
    serverName: host.scheme === "https" ? serverNameOf(incoming.socket) : undefined,
    path: request.path,
    rawHeaders: request.rawHeaders,
  });
  if (match === undefined) throw new RequestError("GW_REQUEST_NO_ROUTE", "no Route matched with those values");
  return match;
}

function serverNameOf(socket: object): string | undefined {
  return "servername" in socket && typeof socket.servername === "string" ? socket.servername.toLowerCase() : undefined;
}

function requireHttps(exchange: HttpExchange, route: Route): void {
  const { request } = exchange;
  const host = request.header("host");
  if (route.https_redirect_status_code === 426 || host === undefined) {
    exchange.addHeader("Connection", "Upgrade");
    exchange.addHeader("Upgrade", "TLS/1.2, HTTP/1.1");
    throw new RequestError("GW_REQUEST_HTTPS_REQUIRED", "Please use HTTPS protocol");
  }
  const location = `https://${splitHost(host).host}${request.rawPath}${request.query}`;
  exchange.begin(route.https_redirect_status_code, ["Location", location]);
  exchange.end();
}

function unavailable({ route, unavailable }: RoutePlan): RequestError {
  return new RequestError(
    "GW_ROUTE_UNAVAILABLE",
    `The route "${route.name ?? route.id}" is not served: gw cannot run ${unavailable.join(", ")}. Remove or disable it to serve the route without.`,
  );
}
