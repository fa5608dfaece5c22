import { Readable } from "node:stream";
import { pluginChecks } from "../../src/catalogue.ts";
import { createWiring } from "../../src/cli/wire.ts";
import { loadConfig } from "../../src/config/load.ts";
import { resolveEnvironment } from "../../src/config/resolve-environment.ts";
import type { Runtime } from "../../src/gateway/runtime.ts";
import { createGatewayServer, type GatewayServer } from "../../src/gateway/server.ts";

export interface YamlGateway {
  readonly server: GatewayServer;
  readonly port: number;
  /** Compiles another configuration, as a reload does; the caller gives it to the server. */
  build(yaml: string): Promise<Runtime>;
  close(): Promise<void>;
}

/** Serves a configuration as `gw serve` does, in this process: loaded, checked and wired with everything that gw has. */
export async function serveYaml(
  yaml: string,
  environment: Readonly<Record<string, string>> = {},
  connectTo: ReadonlyMap<string, URL> = new Map(),
): Promise<YamlGateway> {
  const wiring = createWiring({ environment, connectTo });
  const build = async (text: string): Promise<Runtime> => {
    const { config, unavailablePlugins } = await loadConfig(["-"], {
      cwd: "/",
      environment,
      stdin: Readable.from([`_format_version: "3.0"\n${text}`]),
      plugins: pluginChecks,
      unknownPlugins: "error",
    });
    const runtime = await wiring.build({
      config: resolveEnvironment(config, environment),
      serial: undefined,
      unavailablePlugins,
    });
    await runtime.warm(AbortSignal.timeout(5_000));
    return runtime;
  };
  const server = createGatewayServer({ runtime: await build(yaml), product: "gw/test" });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    server,
    port,
    build,
    close: async () => {
      await server.close(0);
      await wiring.close();
    },
  };
}
