import { describe } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { providers } from "../../src/catalogue.ts";
import { providerContract } from "./provider.contract.ts";

/** The least that an endpoint needs. */
const options: Readonly<Record<string, JsonObject>> = {
  azure: { azure_instance: "instance", azure_deployment_id: "deployment" },
  bedrock: { bedrock: { aws_region: "us-east-1" } },
  databricks: { databricks: { workspace_instance_id: "workspace" } },
  llama2: { upstream_url: "https://llama.example.com" },
  ollama: { upstream_url: "https://ollama.example.com" },
  vllm: { upstream_url: "https://vllm.example.com" },
};

describe.each(Object.values(providers))("$name", (driver) => providerContract(driver, options[driver.name]));
