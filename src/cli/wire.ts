import { TargetMemories } from "../balancer/memory.ts";
import * as catalogue from "../catalogue.ts";
import { secretReferences } from "../config/secret-references.ts";
import type { Vault } from "../config/types.ts";
import { untilAborted } from "../core/abort.ts";
import { systemClock } from "../core/clock.ts";
import type { Notify } from "../core/notice.ts";
import {
  type CloudCredentialsOptions,
  createCloudCredentials,
  type OpenCloudCredentials,
} from "../credentials/cloud-credentials.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../gateway/runtime.ts";
import { publish } from "../observability/events.ts";
import { readCallers } from "../plugins/callers.ts";
import type { PluginServices } from "../plugins/plugin.ts";
import type { ServedSecrets } from "../secrets/lookup.ts";
import { createSecretLookup, type SecretLookupWithMemory } from "../secrets/secret-lookup.ts";
import type { VaultDefinition } from "../secrets/vault.ts";
import { createUpstream } from "../upstream/create-upstream.ts";
import { proxyFromEnvironment } from "../upstream/proxy-environment.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Terminal } from "./command.ts";
import { showConfig } from "./serve/shown-config.ts";
import type { Serving } from "./serving-source.ts";

export interface WiringOptions {
  /** Of the `env` vault. */
  readonly environment: Terminal["environment"];
  readonly connectTo: ReadonlyMap<string, URL>;
}

/** What outlives a reload, and the way from a configuration to something that serves it. */
export interface Wiring {
  /** For providers and embeddings. */
  readonly upstream: Upstream;
  /** Throws ConfigError, or whatever kept a plugin from being created. The caller closes the runtime. */
  build(serving: Serving): Promise<Runtime>;
  /** The same with the secrets that the runtime uses; they close with it. */
  open(
    serving: Serving,
    options?: Pick<RuntimeOptions, "onPluginFailure">,
  ): Promise<{ readonly runtime: Runtime; readonly secrets: ServedSecrets }>;
  close(): Promise<void>;
}

const notify: Notify = (notice) => publish("notice", notice);

/** So long a connection waits for the key of its certificate, in milliseconds. */
const SECRET_MS = 10_000;

/** The composition root: the only place that knows both the catalogue and the gateway. */
export function createWiring({ environment, connectTo }: WiringOptions): Wiring {
  const upstream = createUpstream({ connectTo });
  const findProxy = proxyFromEnvironment(environment);
  // Plain services are not asked through a proxy, as in Kong; providers and embeddings are.
  const providers = findProxy === undefined ? upstream : createUpstream({ connectTo, findProxy });
  const targetMemories = new TargetMemories();
  const kept = new Map<string, unknown>();
  let predecessor: SecretLookupWithMemory | undefined;
  let cloudBefore: OpenCloudCredentials | undefined;
  const open: Wiring["open"] = async ({ config, serial, unavailablePlugins }, { onPluginFailure } = {}) => {
    const callers = readCallers(config);
    const secrets = await openSecrets(config.vaults, environment, predecessor);
    const references = secretReferences(config);
    const cloud = openCloud({ upstream: providers, secrets, environment, predecessor: cloudBefore });
    const close = async (): Promise<void> => {
      cloud.close();
      await secrets.close();
    };
    try {
      const runtime = await createRuntime(
        config,
        {
          upstream,
          targetMemories,
          clock: systemClock,
          definition: (name) => own(catalogue.plugins, name)?.(),
          pluginServices: (pluginId) =>
            pluginServices(pluginId, {
              upstream: providers,
              secrets,
              cloud,
              targetMemories,
              callers,
              keep: keeperOf(kept, pluginId),
            }),
          secrets: {
            warm: async (signal) => await untilAborted(signal, async () => await secrets.want(references)),
            status: () => secrets.status(),
            resolve: async (reference) => await secrets.resolve(reference, { signal: AbortSignal.timeout(SECRET_MS) }),
          },
          close,
        },
        { serial, unavailablePlugins, onPluginFailure, show: () => showConfig(config) },
      );
      predecessor = secrets;
      cloudBefore = cloud;
      return { runtime, secrets };
    } catch (error) {
      await close();
      throw error;
    }
  };
  return {
    upstream: providers,
    open,
    build: async (serving) => (await open(serving)).runtime,
    close: async () => void (await Promise.all([upstream.close(), providers.close()])),
  };
}

function pluginServices(
  pluginId: string,
  shared: Pick<PluginServices, "upstream" | "secrets" | "cloud" | "targetMemories" | "callers" | "keep">,
): PluginServices {
  return {
    ...shared,
    pluginId,
    clock: systemClock,
    notify,
    balancer: (algorithm) => own(catalogue.balancers, algorithm),
    provider: (name) => own(catalogue.providers, name),
    embedder: (name) => own(catalogue.embedders, name)?.(),
    vectorStore: (strategy) => own(catalogue.vectorStores, strategy)?.(),
  };
}

function openCloud(
  options: Pick<CloudCredentialsOptions, "upstream" | "secrets" | "environment" | "predecessor">,
): OpenCloudCredentials {
  return createCloudCredentials({ ...options, clock: systemClock, random: Math.random, notify });
}

/** One kind of thing an instance: what is kept under its id is what its plugin put there. */
function keeperOf(kept: Map<string, unknown>, pluginId: string): PluginServices["keep"] {
  return <T>(make: () => T): T => {
    const found = kept.get(pluginId) as T | undefined;
    if (found !== undefined) return found;
    const made = make();
    kept.set(pluginId, made);
    return made;
  };
}

/** For references to the vaults of a configuration; the caller closes it. Values of the predecessor's vaults that stay as they are stay. */
export async function openSecrets(
  vaults: readonly Vault[],
  environment: Terminal["environment"],
  predecessor?: SecretLookupWithMemory,
): Promise<SecretLookupWithMemory> {
  const services = { environment, clock: systemClock, random: Math.random, notify };
  return createSecretLookup(vaults, await vaultDefinitions(vaults), { ...services, predecessor });
}

/** Those that the configuration names, and `env`, which a reference may name without an entity. */
async function vaultDefinitions(
  entities: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, VaultDefinition>> {
  const names = new Set(["env", ...entities.map((entity) => entity.name)]);
  const loaded = [...names].map(async (name): Promise<[string, VaultDefinition] | undefined> => {
    const definition = await own(catalogue.vaults, name)?.();
    return definition && [name, definition];
  });
  return new Map((await Promise.all(loaded)).filter((entry) => entry !== undefined));
}

/** A name from a file must not find what every object inherits. */
function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
