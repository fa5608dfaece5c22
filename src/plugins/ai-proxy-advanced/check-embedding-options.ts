import type { AiProxyAdvancedConfig, ConfigFinding } from "../../config/types.ts";
import { allOrNone, error } from "./check-finding.ts";

type Model = NonNullable<AiProxyAdvancedConfig["embeddings"]>["model"];

const OPTIONS = "embeddings.model.options";

/** What names the endpoint of an embedding model, where `upstream_url` does not. */
export function checkEmbeddingOptions({ provider, options }: Model): readonly ConfigFinding[] {
  if (provider === "bedrock" && options?.bedrock?.aws_region === undefined)
    return [missing("bedrock.aws_region", "must set 'model.options.bedrock.aws_region' for bedrock embeddings")];
  if (options?.upstream_url !== undefined) return [];
  switch (provider) {
    case "azure":
      return (["instance", "deployment_id"] as const)
        .filter((name) => options?.azure?.[name] === undefined)
        .map((name) => missing(`azure.${name}`, `must set 'model.options.azure.${name}' for azure embeddings`));
    case "gemini":
      return allOrNone(`${OPTIONS}.gemini`, "gemini", options?.gemini ?? {}, [
        "api_endpoint",
        "project_id",
        "location_id",
      ]);
    case "ollama":
      return [
        missing("upstream_url", "must set 'model.options.upstream_url': the address of the server that runs the model"),
      ];
    default:
      return [];
  }
}

function missing(name: string, message: string): ConfigFinding {
  return error("missing-option", `${OPTIONS}.${name}`, message);
}
