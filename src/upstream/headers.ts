/** Headers of one connection (RFC 9110, 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Names, in lower case, that are not copied from a client's request to the upstream's: those of one connection, and those that the sender
 * sets itself.
 */
export const notForwarded: ReadonlySet<string> = new Set([...hopByHop, "host", "content-length", "expect"]);

/**
 * Names in lower case that `Connection` lists beyond the usual: they end here too. undefined when there are none, which is almost
 * always.
 */
export function namesInConnection(value: string): ReadonlySet<string> | undefined {
  if (value === "keep-alive" || value === "close") return undefined;
  const names = value.toLowerCase().split(",");
  return new Set(names.map((name) => name.trim()));
}

/** The head that an upstream sent, as alternating names and values without hop-by-hop headers. */
export function readResponseHeaders(raw: readonly Buffer[]): string[] {
  const headers: string[] = [];
  let named: ReadonlySet<string> | undefined;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = text(raw[index]);
    const value = text(raw[index + 1]);
    if (!mayBeHopByHop(name.length)) headers.push(name, value);
    else {
      const lower = name.toLowerCase();
      if (lower === "connection") named = namesInConnection(value);
      if (!hopByHop.has(lower)) headers.push(name, value);
    }
  }
  return named === undefined ? headers : without(headers, named);
}

function text(bytes: Buffer | undefined): string {
  return bytes === undefined ? "" : bytes.toString("latin1");
}

const lengths: ReadonlySet<number> = new Set([...hopByHop].map((name) => name.length));

/** Cheaper than lower-casing every name. */
function mayBeHopByHop(length: number): boolean {
  return lengths.has(length);
}

function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name = "", value = ""] = headers.slice(index, index + 2);
    if (!names.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}
