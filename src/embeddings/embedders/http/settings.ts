import { GwError } from "../../../core/errors.ts";
import { isJsonObject } from "../../../core/json.ts";
import type { EmbedderSettings } from "../../embedder.ts";

/** `upstream_url` where it is given, else the vendor's own. Throws GwError GW_CONFIG_INVALID when it is no http URL. */
export function endpointUrl({ upstreamUrl }: EmbedderSettings, usual: () => string): URL {
  const text = upstreamUrl ?? usual();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw invalid(
    "embeddings.model.options.upstream_url is not the URL of an embeddings endpoint. Write all of it, as in https://api.openai.com/v1/embeddings.",
  );
}

/** `upstream_url` of a server that the user runs: the endpoint, or the server, whose usual `path` is then taken. */
export function selfHostedUrl(settings: EmbedderSettings, path: string): URL {
  const url = endpointUrl(settings, () => {
    throw invalid(`Embeddings of ${settings.provider} need model.options.upstream_url: the address of your server.`);
  });
  if (url.pathname === "/") url.pathname = path;
  return url;
}

/** `model.options.<provider>.<name>`; undefined when it is not there. */
export function optionOf({ provider, options }: EmbedderSettings, name: string): string | boolean | undefined {
  const block = options?.[provider];
  const value = isJsonObject(block) ? block[name] : undefined;
  return typeof value === "string" || typeof value === "boolean" ? value : undefined;
}

/** The same as part of a URL, which it cannot leave. Throws GwError GW_CONFIG_INVALID when it is missing or no name. */
export function nameOption(settings: EmbedderSettings, name: string): string {
  const value = optionOf(settings, name);
  if (typeof value === "string" && /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i.test(value)) return value;
  const { provider } = settings;
  throw invalid(
    `Embeddings of ${provider} need model.options.${provider}.${name}: a name of letters, digits, dots and dashes.`,
  );
}

function invalid(message: string): GwError {
  return new GwError("GW_CONFIG_INVALID", message);
}
