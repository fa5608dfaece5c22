import { ConfigError, RequestError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Endpoint } from "./provider.ts";

/**
 * `upstream_url` replaces the whole of the provider's own URL, `upstream_path` its path. `usual` gives the provider's own; it may throw
 * ConfigError when there is none. Throws ConfigError when the result is no URL.
 */
export function endpointOf(provider: string, options: JsonObject, usual: () => string): Endpoint {
  const { upstream_url: upstreamUrl, upstream_path: upstreamPath } = options;
  if (typeof upstreamUrl === "string") return split(parseUrl(provider, upstreamUrl));
  const url = parseUrl(provider, usual());
  if (typeof upstreamPath !== "string") return split(url);
  return split(new URL(`${url.origin}/${upstreamPath.replace(/^\/+/, "")}`));
}

/** For servers that the user runs: `upstream_url` is the endpoint, or the server, whose usual `path` is then taken. */
export function selfHostedEndpoint(provider: string, options: JsonObject, path: string): Endpoint {
  const endpoint = endpointOf(provider, options, () => {
    throw unusable(`must set 'model.options.upstream_url' for self-hosted providers/models (provider "${provider}")`);
  });
  return endpoint.path === "/" ? { origin: endpoint.origin, path } : endpoint;
}

/** Part of a host name out of the options. Throws ConfigError when it is missing, or would name another host. */
export function hostLabel(provider: string, option: string, value: unknown): string {
  if (typeof value === "string" && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(value)) return value;
  throw unusable(
    `must set 'model.options.${option}' for ${provider} provider, to a name of letters, digits, dots and dashes`,
  );
}

/** The path with the model's name in the place of `{model}`. A client may name any model: it stays one segment. Throws RequestError. */
export function withModel(path: string, model: string): string {
  if (model === "." || model === "..")
    throw new RequestError("GW_REQUEST_INVALID", `"${model}" is not the name of a model`);
  return path.replace("%7Bmodel%7D", () => encodeURIComponent(model));
}

/** One segment of a path; it cannot leave its place. Throws ConfigError when the value is missing or names a folder's parent. */
export function pathSegment(provider: string, what: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && value !== "." && value !== "..") return encodeURIComponent(value);
  throw unusable(`must set '${what}' for ${provider} provider, to a name that can stand in a path`);
}

function split(url: URL): Endpoint {
  return { origin: url.origin, path: `${url.pathname.replace(/^\/+/, "/")}${url.search}` };
}

function parseUrl(provider: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  throw unusable(
    `model.options.upstream_url of a target with provider "${provider}" must be a full http:// or https:// URL without user and password.`,
  );
}

function unusable(message: string): ConfigError {
  return new ConfigError(message, [{ severity: "error", code: "upstream-url-invalid", message }]);
}
