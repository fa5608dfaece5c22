import { createServer, type IncomingMessage, request, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { TargetMemories } from "../../../src/balancer/memory.ts";
import { emptyConfig } from "../../../src/config/kinds.ts";
import type { GatewayConfig } from "../../../src/config/types.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../../../src/gateway/runtime.ts";
import { createGatewayServer, type GatewayServer } from "../../../src/gateway/server.ts";
import { type ExchangeEnd, subscribe } from "../../../src/observability/events.ts";
import type { Plugin, PluginDefinition, PluginServices } from "../../../src/plugins/plugin.ts";
import { createUpstream } from "../../../src/upstream/create-upstream.ts";
import type { Upstream } from "../../../src/upstream/upstream.ts";

/** Plugins of a test, by name: what `handle` does, or a whole definition. */
export type TestPlugins = Readonly<Record<string, Plugin["handle"] | PluginDefinition>>;

export interface TestGateway {
  readonly server: GatewayServer;
  readonly port: number;
  readonly upstream: Upstream;
  makeRuntime(config: Partial<GatewayConfig>, options?: RuntimeOptions): Promise<Runtime>;
  close(): Promise<void>;
}

export async function startGateway(
  config: Partial<GatewayConfig>,
  plugins: TestPlugins = {},
  options: RuntimeOptions = {},
): Promise<TestGateway> {
  const upstream = createUpstream();
  const targetMemories = new TargetMemories();
  const makeRuntime: TestGateway["makeRuntime"] = (next, nextOptions = {}) =>
    createRuntime(
      { ...emptyConfig, ...next },
      {
        upstream,
        targetMemories,
        definition: (name) => toDefinition(name, plugins[name]),
        pluginServices: (pluginId) => ({ pluginId, upstream }) as PluginServices,
      },
      nextOptions,
    );
  const server = createGatewayServer({ runtime: await makeRuntime(config, options), product: "gw/test" });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const close = async (): Promise<void> => {
    await server.close(0);
    await upstream.close();
  };
  return { server, port, upstream, makeRuntime, close };
}

function toDefinition(name: string, made: TestPlugins[string] | undefined): Promise<PluginDefinition> | undefined {
  if (made === undefined) return undefined;
  if (typeof made !== "function") return Promise.resolve(made);
  return Promise.resolve({ name, priority: 100, create: () => Promise.resolve({ handle: made }) });
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own; rejects when the answer is cut. */
export function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: AskOptions = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: "127.0.0.1",
      port,
      path,
      method,
      headers: headers as Record<string, string>,
      agent: false,
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.end(body);
  });
}

/** Sends bytes as they are and gives all that comes back until the connection closes, or until `isEnough`. */
export function askRaw(
  port: number,
  text: string,
  isEnough: (received: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket: Socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (isEnough(received)) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

export interface TestUpstream {
  readonly server: Server;
  readonly port: number;
  close(): Promise<void>;
}

export async function startUpstream(listener: RequestListener): Promise<TestUpstream> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, port: (server.address() as AddressInfo).port, close };
}

/** The next exchange that ends. Subscribe before the request is sent. */
export function nextEnd(): Promise<ExchangeEnd> {
  return new Promise((resolve) => {
    const stop = subscribe("exchange-end", (end) => {
      stop();
      resolve(end);
    });
  });
}
