import type { UpstreamRequest } from "../core/http-message.ts";
import type { Endpoint } from "./provider.ts";

/** A POST of a body that a driver has made; members that are undefined are left out. */
export function jsonRequest(endpoint: Endpoint, body: object, headers: readonly string[] = []): UpstreamRequest {
  return {
    method: "POST",
    origin: endpoint.origin,
    path: endpoint.path,
    headers: ["content-type", "application/json", ...headers],
    body: Buffer.from(JSON.stringify(body)),
  };
}
