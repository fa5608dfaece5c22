import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { authorize } from "../authorize.ts";
import { endpointOf, hostLabel } from "../endpoint.ts";
import type { Endpoint, ProviderDriver } from "../provider.ts";
import { parseChat, parseFailure } from "./bedrock/answer.ts";
import { buildNative } from "./bedrock/native.ts";
import { buildChat } from "./bedrock/request.ts";
import { openChatStream } from "./bedrock/stream.ts";

/**
 * The Converse API, one format for all models of Bedrock: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
 * Requests are signed by whoever sends them; a Bedrock API key is a header like any other.
 */
export const bedrockProvider: ProviderDriver = {
  name: "bedrock",
  endpoint: toEndpoint,
  buildChat,
  authorize,
  native: { format: "bedrock", build: buildNative },
  translator: () => ({ parseChat, openChatStream, parseFailure }),
};

const PATH = "/model/%7Bmodel%7D/converse";

/** An `upstream_url` without a path is a VPC endpoint, or a proxy, with Bedrock's own paths. */
function toEndpoint(options: JsonObject): Endpoint {
  const endpoint = endpointOf("bedrock", options, () => `https://${hostOf(options)}${PATH}`);
  return endpoint.path === "/" ? { origin: endpoint.origin, path: PATH } : endpoint;
}

function hostOf({ bedrock }: JsonObject): string {
  const region = hostLabel("bedrock", "bedrock.aws_region", isJsonObject(bedrock) ? bedrock["aws_region"] : undefined);
  return `bedrock-runtime.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}
