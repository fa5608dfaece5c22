import { isIPv6 } from "node:net";

export interface TargetAddress {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/** Kong's port for a target that names none. */
const USUAL_PORT = 8000;

/** Reads `name`, `name:port`, `10.0.0.1:port`, `[::1]:port` or `::1`; undefined when it is none of these. */
export function parseTargetAddress(text: string): TargetAddress | undefined {
  if (isIPv6(text)) return { host: text, port: USUAL_PORT };
  const parts = /^(?:\[(?<six>[^\]]+)\]|(?<name>[\w.-]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { six, name, port = String(USUAL_PORT) } = parts;
  const host = six ?? name ?? "";
  if ((six !== undefined && !isIPv6(six)) || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}

/** As it stands in a URL. */
export function originOf(protocol: string, { host, port }: TargetAddress): string {
  return `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
