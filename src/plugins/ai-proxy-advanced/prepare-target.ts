import { ConfigError, RequestError } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Endpoint, ProviderDriver, ProviderTarget } from "../../llm/provider.ts";
import { fillTemplate, isTemplate, type TemplateValues } from "./template.ts";

/** A target as it is configured: its model and options may hold templates. */
export type ConfiguredTarget = Omit<ProviderTarget, "endpoint">;

/** What a target is for requests: the same for all of them, unless its model or options hold templates. */
export interface FilledTarget {
  /** undefined when it is another for each request. */
  readonly endpoint: Endpoint | undefined;
  /** Throws RequestError GW_REQUEST_INVALID when the request does not give what a template needs. */
  readonly targetFor: (request: TemplateValues) => ProviderTarget;
}

/** Throws ConfigError when the endpoint cannot be told. */
export function prepareTarget(driver: ProviderDriver, target: ConfiguredTarget): FilledTarget {
  if (holdsTemplate([target.model ?? "", target.options]))
    return { endpoint: undefined, targetFor: (request) => fillTarget(driver, target, request) };
  const filled = withEndpoint(driver, target);
  return { endpoint: filled.endpoint, targetFor: () => filled };
}

function fillTarget(driver: ProviderDriver, target: ConfiguredTarget, request: TemplateValues): ProviderTarget {
  const model = target.model === undefined ? undefined : fillTemplate(target.model, request);
  const options = fillMembers(target.options, request);
  try {
    return withEndpoint(driver, { ...target, model, options });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new RequestError("GW_REQUEST_INVALID", `what the request gives makes no URL: ${error.message}`);
  }
}

function withEndpoint(driver: ProviderDriver, target: ConfiguredTarget): ProviderTarget {
  return { ...target, endpoint: driver.endpoint(target.options, target.model, target.operation) };
}

function holdsTemplate(value: Json): boolean {
  if (typeof value === "string") return isTemplate(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsTemplate);
}

function fillMembers(options: JsonObject, request: TemplateValues): JsonObject {
  const filled = Object.entries(options).map(([name, value]): [string, Json] => {
    if (isJsonObject(value)) return [name, fillMembers(value, request)];
    if (typeof value !== "string" || !isTemplate(value)) return [name, value];
    return [name, name.startsWith("upstream_") ? fillUrl(value, request) : fillTemplate(value, request)];
  });
  return Object.fromEntries(filled);
}

/** A client's value stays where the template has put it: it neither ends a host or a segment nor climbs out of one. */
function fillUrl(template: string, request: TemplateValues): string {
  const url = fillTemplate(template, request, encodeURIComponent);
  if (!/\/\.\.?(?:[/?#]|$)/.test(url)) return url;
  throw new RequestError(
    "GW_REQUEST_INVALID",
    "what the request gives for the URL of the model names a folder's parent",
  );
}
