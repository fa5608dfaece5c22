import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { demoYaml } from "../../src/demo/kong-yaml.ts";
import { startSimulators, type Simulators } from "../../src/demo/simulators.ts";
import { openLocalEmbedder } from "./local-embedder.ts";
import { markSecret } from "./secrecy.ts";

/** Keys with characters that JSON, URLs and shells write differently. */
export const providerKeys = {
  openai: markSecret("OpenAI's key", String.raw`sk-planted-openai-"/+=\7Qx`),
  mistral: markSecret("Mistral's key", String.raw`planted-mistral-'&%?\9Zt`),
};

/** Simulated providers, and what a `gw` needs to reach them instead of the real ones. */
export interface Providers extends Simulators {
  readonly flags: readonly string[];
  /** For the vault of `aiConfig`. */
  readonly env: Readonly<Record<string, string>>;
}

export async function startProviders(): Promise<Providers> {
  const embedder = await openLocalEmbedder();
  const simulators = await startSimulators({ keys: providerKeys, embedder });
  return {
    ...simulators,
    flags: [...simulators.connectTo].flatMap(([from, url]) => ["--connect-to", `${from}=${url.origin}`]),
    env: {
      GW_DEMO_OPENAI: JSON.stringify({ key: providerKeys.openai }),
      GW_DEMO_MISTRAL: JSON.stringify({ key: providerKeys.mistral }),
    },
    close: async () => {
      await simulators.close();
      await embedder.close();
    },
  };
}

/** The user's targets on the route /anything, with keys from the environment and vectors in memory. */
export const aiConfig = demoYaml;

/** In all of `config`, which must hold each text that is to be replaced. */
export function changed(config: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The configuration does not hold ${JSON.stringify(from)}.`);
    return text.replaceAll(from, to);
  }, config);
}

/** Adds a route at `/NAME` with a plugin of its own: that of `config` with `changes`. */
export function withRoute(
  config: string,
  name: string,
  ...changes: readonly (readonly [from: string, to: string])[]
): string {
  const plugin = aiConfig.slice(aiConfig.indexOf("  - name: ai-proxy-advanced"));
  const route = `      - name: ${name}\n        paths:\n          - /${name}\n`;
  const own = changed(plugin, ["ai-proxy-advanced\n", `ai-proxy-advanced\n    route: ${name}\n`], ...changes);
  return `${config.replace("    routes:\n", `    routes:\n${route}`)}${own}`;
}

/** No target matches most prompts. */
export const withoutCatchall = [
  ["description: CATCHALL", 'description: "early Christian Bible translations in Gothic"'],
  ["threshold: 0.8", "threshold: 0.05"],
] as const;

export function writeConfig(folder: string, config: string): void {
  writeFileSync(join(folder, "kong.yaml"), config);
}

/** The simulators' answer of `model`. */
export function answerOf(model: string, prompt: string): string {
  return `This is a simulated answer of ${model} to: ${prompt}`;
}
