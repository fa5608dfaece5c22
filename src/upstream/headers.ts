/** Headers of one connection (RFC 9110, 7.6.1) and those that the sender sets itself. */
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

const setBySender: ReadonlySet<string> = new Set(["host", "content-length", "expect"]);

/** Whether a header of a client's request must not be copied to the upstream's. `name` is in lower case. */
export function isHeldBack(name: string): boolean {
  return hopByHop.has(name) || setBySender.has(name);
}

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
