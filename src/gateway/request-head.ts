import type { IncomingMessage } from "node:http";
import { RequestError } from "../core/errors.ts";

/** More than any client sends; Node would drop those beyond its own limit in silence. */
export const MAX_HEADERS = 500;

/**
 * Refuses what Node's parser lets pass and two servers may read differently (RFC 9112, 3.2 and 6.1). Throws RequestError GW_REQUEST_INVALID;
 * the connection is not to be used again after it.
 */
export function checkHead({ rawHeaders, headers, httpVersion, url = "/" }: IncomingMessage): void {
  if (rawHeaders.length > 2 * MAX_HEADERS)
    throw new RequestError("GW_REQUEST_INVALID", `A request has at most ${MAX_HEADERS} headers.`, { status: 431 });
  const hosts = countHosts(rawHeaders);
  if (hosts > 1) throw invalid("A request has one Host header.");
  if (hosts === 0 && httpVersion !== "1.0") throw invalid("An HTTP/1.1 request needs a Host header.");
  const { host } = headers;
  if (host !== undefined && !HOST.test(host)) throw invalid("The Host header is neither a name nor an address.");
  if (httpVersion === "1.0" && headers["transfer-encoding"] !== undefined)
    throw invalid("HTTP/1.0 has no Transfer-Encoding.");
  if (url.includes("#") || url.includes("\\")) throw invalid("The path has a character that must be escaped.");
}

/** A registered name, an IPv4 or a bracketed IPv6 address (RFC 3986, 3.2.2), and a port. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d{0,5})?$/i;

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

function invalid(message: string): RequestError {
  return new RequestError("GW_REQUEST_INVALID", message);
}
