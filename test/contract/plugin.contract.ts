import { expect, it } from "vitest";
import { fillDefaults } from "../../src/config/defaults.ts";
import { configSchema } from "../../src/config/schemas.ts";
import { definePlugin, type Plugin, type PluginDefinition, type PluginServices } from "../../src/plugins/plugin.ts";
import { createUpstream } from "../../src/upstream/create-upstream.ts";
import { ask, startGateway } from "../unit/gateway/start-gateway.ts";
import { id, makePlugin, makeRoute } from "../unit/gateway/entities.ts";
import type { JsonObject } from "../../src/core/json.ts";

export interface PluginCase {
  /** As the catalogue lists it. */
  readonly name: string;
  readonly definition: PluginDefinition;
  /** The least that its schema and rules accept. */
  readonly config: JsonObject;
}

/** What every plugin promises (src/plugins/plugin.ts). */
export function pluginContract({ name, definition, config }: PluginCase): void {
  const schema = configSchema("plugins", name);
  const whole = fillDefaults(config, schema) as JsonObject;

  async function create(): Promise<{ readonly plugin: Plugin; readonly close: () => Promise<void> }> {
    const upstream = createUpstream();
    const plugin = await definition.create(whole, services(upstream));
    return {
      plugin,
      close: async () => {
        await plugin.close?.();
        await upstream.close();
      },
    };
  }

  it("is listed under its name, with Kong's priority and a schema", () => {
    expect(definition.name).toBe(name);
    expect(definition.priority).toBeGreaterThan(0);
    expect(schema).toBeDefined();
  });

  it("has nothing to say against the least configuration", () => {
    expect(definition.check?.(whole, { vaultPrefixes: new Set(["env"]) }) ?? []).toEqual([]);
  });

  it("answers every request or hands it on, once, whatever came before", async () => {
    const { plugin, close } = await create();
    const route = makeRoute({ paths: ["/"] });
    const entities = [makePlugin({ id: id(1), name }), makePlugin({ id: id(2), name: "last" })];
    const gateway = await startGateway(
      { routes: [route], plugins: entities },
      {
        [name]: definePlugin({
          name,
          priority: definition.priority,
          create: async () => ({ handle: plugin.handle.bind(plugin) }),
        }),
        last: definePlugin({ name: "last", priority: 0, create: async () => ({ handle: answerPassed }) }),
      },
    );
    const body = JSON.stringify({ messages: [] });
    const requests = [
      {},
      { method: "POST", headers: { "Content-Type": "application/json" }, body },
      { method: "OPTIONS" },
    ];
    for (const request of requests) {
      const { status } = await ask(gateway.port, "/", request);
      expect(status).not.toBe(500);
    }
    await gateway.close();
    await close();
  });

  it("can be closed twice, and made again after", async () => {
    const first = await create();
    await first.close();
    await first.plugin.close?.();
    const second = await create();
    await second.close();
  });
}

const answerPassed: Plugin["handle"] = async (exchange) => {
  exchange.begin(200, []);
  exchange.end();
};

function services(upstream: PluginServices["upstream"]): PluginServices {
  const parts: Partial<PluginServices> = {
    pluginId: id(1),
    upstream,
    callers: { find: () => undefined, keys: [] },
    keep: (make) => make(),
    clock: { now: () => 0, after: () => () => {} },
    notify: () => {},
  };
  return parts as PluginServices;
}
