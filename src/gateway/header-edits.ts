/** What plugins changed of a request on its way to a plain service. */
export interface ForwardedEdits {
  /** By name in lower case; undefined: the header is not sent. */
  readonly headers: Map<string, string | undefined>;
  /** Parameters of the query that are not sent. */
  readonly parameters: Set<string>;
}

/** Alternating names and values without those of `names`, which are in lower case. */
export function withoutHeaders(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? "");
  }
  return kept;
}

/** The client's headers as the service gets them. */
export function editHeaders(headers: string[], { headers: edits }: ForwardedEdits): string[] {
  const edited = withoutHeaders(headers, new Set(edits.keys()));
  for (const [name, value] of edits) if (value !== undefined) edited.push(name, value);
  return edited;
}

/** `query` with its leading `?`, or empty; what remains is left exactly as the client wrote it. */
export function editQuery(query: string, { parameters }: ForwardedEdits): string {
  if (parameters.size === 0 || query === "") return query;
  const kept = query
    .slice(1)
    .split("&")
    .filter((part) => !parameters.has(parameterName(part)));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function parameterName(part: string): string {
  const [name = ""] = [...new URLSearchParams(part).keys()];
  return name;
}
