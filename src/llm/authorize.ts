import { assertNever } from "../core/assert-never.ts";
import type { UpstreamRequest } from "../core/http-message.ts";
import type { Secret } from "../core/secret.ts";
import type { CredentialPlace } from "./provider.ts";
import { spliceMembers } from "./splice.ts";

/** Puts a credential on a request, in place of one that is there. */
export function authorize(request: UpstreamRequest, place: CredentialPlace, credential: Secret): UpstreamRequest {
  switch (place.in) {
    case "header":
      return { ...request, headers: setHeader(request.headers, place.name, credential.reveal()) };
    case "query":
      return { ...request, path: setQuery(request.path, place.name, credential.reveal()) };
    case "body":
      return { ...request, body: setMember(request, place.name, credential.reveal()) };
    default:
      return assertNever(place);
  }
}

function setHeader(headers: readonly string[], name: string, value: string): string[] {
  const lower = name.toLowerCase();
  const isSame = (key: string): boolean => key.length === lower.length && key.toLowerCase() === lower;
  const others: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const key = headers[index] ?? "";
    if (!isSame(key)) others.push(key, headers[index + 1] ?? "");
  }
  others.push(name, value);
  return others;
}

function setQuery(path: string, name: string, value: string): string {
  const [pathname, query] = splitQuery(path);
  const parameters = new URLSearchParams(query);
  parameters.set(name, value);
  return `${pathname}?${parameters.toString()}`;
}

function splitQuery(path: string): [string, string] {
  const mark = path.indexOf("?");
  return mark === -1 ? [path, ""] : [path.slice(0, mark), path.slice(mark + 1)];
}

function setMember({ body }: UpstreamRequest, name: string, value: string): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : "{}");
  return spliceMembers(bytes, [{ name, json: JSON.stringify(value) }]);
}
