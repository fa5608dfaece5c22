import { assertNever } from "../core/assert-never.ts";

/** A host as a request or a route names it: lower case, the port apart. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** One entry of a route's `hosts`: `example.com`, `*.example.com`, `example.*`, each with a port or without. */
export interface HostPattern {
  readonly kind: "exact" | "suffix" | "prefix";
  /** Without the `*`. */
  readonly text: string;
  /** undefined: any port. */
  readonly port: number | undefined;
}

/** Reads a Host header, or a pattern of a route. A colon that no number follows belongs to the host; IPv6 keeps its brackets. */
export function splitHost(text: string): HostAndPort {
  const lower = text.toLowerCase();
  const colon = lower.lastIndexOf(":");
  const digits = lower.slice(colon + 1);
  if (colon < 0 || !/^\d+$/.test(digits)) return { host: lower, port: undefined };
  return { host: lower.slice(0, colon), port: Number(digits) };
}

export function parseHostPattern(text: string): HostPattern {
  const { host, port } = splitHost(text);
  if (host.startsWith("*")) return { kind: "suffix", text: host.slice(1), port };
  if (host.endsWith("*")) return { kind: "prefix", text: host.slice(0, -1), port };
  return { kind: "exact", text: host, port };
}

/** `port` is the one the request came to: what its Host header says, else that of its scheme. */
export function matchesHost(pattern: HostPattern, host: string, port: number): boolean {
  if (pattern.port !== undefined && pattern.port !== port) return false;
  switch (pattern.kind) {
    case "exact":
      return host === pattern.text;
    case "suffix":
      return host.endsWith(pattern.text);
    case "prefix":
      return host.startsWith(pattern.text);
    default:
      return assertNever(pattern.kind);
  }
}
