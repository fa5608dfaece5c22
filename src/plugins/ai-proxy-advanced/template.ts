import { RequestError } from "../../core/errors.ts";
import type { ExchangeRequest } from "../plugin.ts";

/** What Kong's placeholders take from the client's request: `$(headers.NAME)`, `$(uri_captures.NAME)`, `$(query_params.NAME)`. */
export type TemplateValues = Pick<ExchangeRequest, "header" | "query" | "captures">;

export function isTemplate(text: string): boolean {
  return text.includes("$(");
}

/** Why `text` can never be filled, in Kong's words; undefined when it can, or is no template. */
export function templateProblem(text: string): string | undefined {
  const expressions = [...text.matchAll(placeholder)].map(([, expression = ""]) => parse(expression));
  if (expressions.includes(undefined) || text.replaceAll(placeholder, "").includes("$("))
    return `cannot parse expression for field '${text}'`;
  const strange = expressions.find(
    (expression) => expression !== undefined && !Object.hasOwn(sources, expression.source),
  );
  return strange && `source '${strange.source}' is not supported`;
}

/**
 * The text with its placeholders filled; each value goes through `encode`. Throws RequestError GW_REQUEST_INVALID, in Kong's words, for a
 * value that the client did not give, and for one that could not stand in a header.
 */
export function fillTemplate(text: string, request: TemplateValues, encode = (value: string): string => value): string {
  const problem = templateProblem(text);
  if (problem !== undefined) throw invalid(problem);
  return text.replaceAll(placeholder, (_, expression: string) => encode(valueOf(expression, request)));
}

const placeholder = /\$\(([^()]*)\)/g;

interface Expression {
  readonly source: string;
  readonly key: string;
}

function parse(expression: string): Expression | undefined {
  const [, source, key] = /^(\w+)\.(.+)$/.exec(expression) ?? [];
  return source === undefined || key === undefined ? undefined : { source, key };
}

const sources: Readonly<Record<string, (request: TemplateValues, key: string) => string | null | undefined>> = {
  headers: (request, key) => request.header(key),
  uri_captures: ({ captures = {} }, key) => (Object.hasOwn(captures, key) ? decode(captures[key] ?? "") : undefined),
  query_params: ({ query }, key) => new URLSearchParams(query).get(key),
};

/** Of a part of the path. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function valueOf(text: string, request: TemplateValues): string {
  const { source = "", key = "" } = parse(text) ?? {};
  const value = sources[source]?.(request, key) ?? "";
  if (value === "") throw invalid(`${source} key ${key} was not provided`);
  if (!/^[\x20-\x7e\x80-\uffff]*$/.test(value)) throw invalid(`${source} key ${key} holds a control character`);
  return value;
}

function invalid(message: string): RequestError {
  return new RequestError("GW_REQUEST_INVALID", message);
}
