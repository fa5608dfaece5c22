import { describe, expect, it } from "vitest";
import { emptyConfig } from "../../../src/config/kinds.ts";
import type { GatewayConfig, Plugin as PluginEntity } from "../../../src/config/types.ts";
import { ConfigError } from "../../../src/core/errors.ts";
import {
  createRuntime,
  type Runtime,
  type RuntimeOptions,
  type RuntimeServices,
} from "../../../src/gateway/runtime.ts";
import type { Plugin, PluginServices } from "../../../src/plugins/plugin.ts";
import type { Upstream } from "../../../src/upstream/upstream.ts";
import { id, makePlugin, makeRoute, makeService } from "./entities.ts";

const noUpstream: Upstream = {
  send: () => expect.unreachable(),
  collect: () => expect.unreachable(),
  reach: () => expect.unreachable(),
  close: () => Promise.resolve(),
};

interface Recorder {
  readonly created: unknown[];
  readonly closed: unknown[];
}

/** Every name that has a priority is a plugin that records what becomes of it. */
function services(
  priorities: Readonly<Record<string, number>>,
  recorder: Recorder,
  parts: Partial<Plugin> = {},
): RuntimeServices {
  const definition: RuntimeServices["definition"] = (name) => {
    const priority = priorities[name];
    if (priority === undefined) return undefined;
    return Promise.resolve({
      name,
      priority,
      create(config, { pluginId }) {
        if (config["fails"] === true) return Promise.reject(new ConfigError(`${pluginId} cannot be created`, []));
        recorder.created.push(config["label"] ?? pluginId);
        return Promise.resolve({
          handle: () => Promise.resolve(),
          close: () => Promise.resolve(void recorder.closed.push(config["label"] ?? pluginId)),
          ...parts,
        });
      },
    });
  };
  return { upstream: noUpstream, definition, pluginServices: (pluginId) => ({ pluginId }) as PluginServices };
}

async function build(
  config: Partial<GatewayConfig>,
  priorities: Readonly<Record<string, number>>,
  options: RuntimeOptions & { readonly parts?: Partial<Plugin>; readonly recorder?: Recorder } = {},
): Promise<Runtime> {
  const whole = { ...emptyConfig, ...config };
  const recorder = options.recorder ?? { created: [], closed: [] };
  return await createRuntime(whole, services(priorities, recorder, options.parts), options);
}

const service = makeService({ id: "s" });
const other = makeService({ id: "o" });
const route = makeRoute({ id: "r", name: "route", paths: ["/"], service: { id: "s" } });

describe("which plugins run on a route", () => {
  const scoped = (scope: Partial<PluginEntity>, number: number): PluginEntity =>
    makePlugin({ id: id(number), name: "p", ...scope });
  const everywhere = scoped({}, 1);
  const onService = scoped({ service: { id: "s" } }, 2);
  const onRoute = scoped({ route: { id: "r" } }, 3);
  const onBoth = scoped({ route: { id: "r" }, service: { id: "s" } }, 4);
  const onOther = scoped({ service: { id: "o" } }, 5);
  const ofConsumer = scoped({ route: { id: "r" }, service: { id: "s" }, consumer: { id: "c" } }, 6);

  it.each<[string, readonly PluginEntity[], string | undefined]>([
    ["route and service before all", [everywhere, onService, onRoute, onBoth], "route and service"],
    ["route before service", [everywhere, onService, onRoute], "route"],
    ["service before global", [everywhere, onService, onOther], "service"],
    ["global", [everywhere, onOther], "global"],
    ["none of another service", [onOther], undefined],
    ["none that is disabled, which hides nothing", [everywhere, { ...onRoute, enabled: false }], "global"],
    ["of a consumer for that one only", [ofConsumer], "consumer"],
  ])("%s", async (_name, plugins, scope) => {
    for (const list of [plugins, plugins.toReversed()]) {
      const runtime = await build({ services: [service, other], routes: [route], plugins: list }, { p: 1 });
      expect(runtime.plans[0]?.links.map((link) => link.scope)).toEqual(scope === undefined ? [] : [scope]);
    }
  });

  it("are one of each name, by priority from the highest", async () => {
    const plugins = ["low", "high", "middle"].map((name, index) => makePlugin({ id: id(index), name }));
    const runtime = await build(
      { routes: [makeRoute({ paths: ["/"] })], plugins },
      { low: 1, middle: 770, high: 1_250 },
    );
    expect(runtime.plans[0]?.links.map(({ name }) => name)).toEqual(["high", "middle", "low"]);
  });

  it("are one instance for all routes they apply to, and none when they apply to no route", async () => {
    const recorder: Recorder = { created: [], closed: [] };
    const routes = [makeRoute({ id: "1", paths: ["/1"] }), makeRoute({ id: "2", paths: ["/2"] })];
    const plugins = [
      makePlugin({ id: "used", name: "p" }),
      makePlugin({ id: "unused", name: "p", route: { id: "gone" } }),
    ];
    const runtime = await build({ routes, plugins }, { p: 1 }, { recorder });
    expect(recorder.created).toEqual(["used"]);
    expect(runtime.plans[0]?.links[0]?.plugin).toBe(runtime.plans[1]?.links[0]?.plugin);
  });
});

describe("what cannot be run", () => {
  it.each<[string, Readonly<Record<string, number>>, readonly string[]]>([
    ["a plugin that gw does not have", {}, []],
    ["a plugin that was marked so", { p: 1 }, ["20000000-0000-4000-8000-000000000001"]],
  ])("%s is named on its routes", async (_name, priorities, unavailablePlugins) => {
    const runtime = await build(
      { routes: [makeRoute({ paths: ["/"] })], plugins: [makePlugin({ name: "p" })] },
      priorities,
      {
        unavailablePlugins,
      },
    );
    expect(runtime.plans[0]).toMatchObject({ unavailable: ['its plugin "p"'], links: [] });
  });

  it("a disabled service takes its routes away", async () => {
    const runtime = await build({ services: [{ ...service, enabled: false }], routes: [route] }, {});
    const request = {
      method: "GET",
      scheme: "http" as const,
      host: "a",
      serverName: undefined,
      path: "/",
      rawHeaders: [],
    };
    expect(runtime.match(request)).toBeUndefined();
    expect(runtime.plans).toEqual([]);
  });

  it("a plugin that cannot be created fails the whole, and closes the others", async () => {
    const recorder: Recorder = { created: [], closed: [] };
    const plugins = [
      makePlugin({ id: "good", name: "a" }),
      makePlugin({ id: "bad", name: "b", config: { fails: true } }),
      makePlugin({ id: "fine", name: "c" }),
    ];
    const routes = [makeRoute({ paths: ["/"] })];
    await expect(build({ routes, plugins }, { a: 1, b: 2, c: 3 }, { recorder })).rejects.toThrow(
      "bad cannot be created",
    );
    expect(new Set(recorder.closed)).toEqual(new Set(["fine", "good"]));
  });
});

describe("the life of a runtime", () => {
  const config = { routes: [makeRoute({ paths: ["/"] })], plugins: [makePlugin({ id: "p", name: "p" })] };

  it("closes its plugins after the last request, once, and the services after them", async () => {
    const recorder: Recorder = { created: [], closed: [] };
    const parts = {
      ...services({ p: 1 }, recorder),
      close: () => Promise.resolve(void recorder.closed.push("services")),
    };
    const runtime = await createRuntime({ ...emptyConfig, ...config }, parts);
    runtime.acquire();
    runtime.acquire();
    const closing = Promise.all([runtime.close(), runtime.close()]);
    runtime.release();
    await Promise.resolve();
    expect(recorder.closed).toEqual([]);
    runtime.release();
    await closing;
    expect(recorder.closed).toEqual(["p", "services"]);
  });

  it("closes at once when nothing is served, also when a plugin cannot close", async () => {
    const runtime = await build(config, { p: 1 }, { parts: { close: () => Promise.reject(new Error("no")) } });
    await expect(runtime.close()).resolves.toBeUndefined();
  });

  it("is as ready as its plugins are, and warms them up without ever rejecting", async () => {
    let isWarm = false;
    const parts: Partial<Plugin> = {
      problems: () => (isWarm ? [] : ["not warm"]),
      warm() {
        isWarm = true;
        throw new Error("half-way");
      },
    };
    const runtime = await build(config, { p: 1 }, { parts });
    expect(runtime.problems()).toEqual(["not warm"]);
    await runtime.warm(AbortSignal.abort());
    expect(runtime.problems()).toEqual([]);
  });
});
