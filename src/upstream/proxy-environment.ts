import { BlockList, isIP } from "node:net";
import { UsageError } from "../core/errors.ts";

/** Which proxy stands before an origin; undefined: none. */
export type FindProxy = (origin: URL) => URL | undefined;

/**
 * HTTPS_PROXY and NO_PROXY, in capitals or not, as curl reads them: names, their subdomains, addresses, each with a port or without, and `*`. For
 * https origins only, and never for this machine. undefined when no proxy is set. Throws UsageError for a value that is no URL of a proxy.
 */
export function proxyFromEnvironment(environment: Readonly<Record<string, string | undefined>>): FindProxy | undefined {
  const read = (name: string): string => environment[name.toLowerCase()] ?? environment[name] ?? "";
  const proxy = read("HTTPS_PROXY");
  if (proxy === "") return undefined;
  const url = parseProxy(proxy);
  const exceptions = read("NO_PROXY")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "");
  return (origin) => {
    const isDirect = origin.protocol !== "https:" || isLoopback(origin.hostname);
    return isDirect || exceptions.some((entry) => isException(entry, origin)) ? undefined : url;
  };
}

/** The value may hold a password: the message does not repeat it. */
function parseProxy(text: string): URL {
  const full = text.includes("://") ? text : `http://${text}`;
  if (URL.canParse(full)) {
    const url = new URL(full);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  }
  throw new UsageError("HTTPS_PROXY is not the address of a proxy: write http://HOST:PORT or https://HOST:PORT.");
}

function isException(entry: string, { hostname, port }: URL): boolean {
  if (entry === "*") return true;
  const [, name = entry, exactPort] = /^(.*?):(\d+)$/.exec(entry) ?? [];
  if (exactPort !== undefined && exactPort !== (port || "443")) return false;
  const suffix = name.replace(/^\*?\./, "");
  return hostname === suffix || hostname.endsWith(`.${suffix}`);
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(hostname: string): boolean {
  if (hostname === "localhost" || hostname.endsWith(".localhost")) return true;
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 6 ? "ipv6" : "ipv4");
}
