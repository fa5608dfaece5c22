import { TargetMemories } from "../balancer/memory.ts";
import type { GatewayConfig, Plugin as PluginEntity, Route, Service } from "../config/types.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { BugError } from "../core/errors.ts";
import type { UpstreamTls } from "../core/http-message.ts";
import type { JsonObject } from "../core/json.ts";
import { notRunOfFilterChains, notRunOfRoute, notRunOfService } from "../core/not-run.ts";
import type { AiTargetState, UpstreamTargetState } from "../observability/metrics.ts";
import type { Plugin, PluginDefinition, PluginServices } from "../plugins/plugin.ts";
import type { SecretStatus } from "../secrets/lookup.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type ChainLink, passOn, type PluginScope } from "./chain.ts";
import { type PluginChoice, selectPlugins } from "./plugin-selection.ts";
import { type ResolveSecret, toServiceTls } from "./service-tls.ts";
import { compileRouter, type Match, type Router, type RouterRequest } from "./router.ts";
import type { TargetGroup } from "./upstreams/target-group.ts";
import { openTargetGroups, type TargetGroups } from "./upstreams/target-groups.ts";

/** What a runtime is built from besides the configuration; made by cli/wire.ts. */
export interface RuntimeServices {
  readonly upstream: Upstream;
  /** undefined for a plugin that gw does not have. */
  definition(name: string): Promise<PluginDefinition> | undefined;
  pluginServices(pluginId: string): PluginServices;
  readonly secrets?: RuntimeSecrets;
  /** What is known of the targets of upstreams; undefined: nothing outlives a reload. */
  readonly targetMemories?: TargetMemories;
  readonly clock?: Clock;
  /** Closes what belongs to this runtime alone, such as its vaults; called last. */
  close?(): Promise<void>;
}

/** The secrets that a configuration refers to. */
export interface RuntimeSecrets {
  /** Throws SecretError. */
  readonly resolve: ResolveSecret;
  /** Settles when each was tried once; rejects when the signal aborts. */
  warm(signal: AbortSignal): Promise<void>;
  status(): readonly SecretStatus[];
}

export interface RuntimeOptions {
  /** Of the store; undefined when the configuration came from files. */
  readonly serial?: number | undefined;
  /** Ids of plugins that were accepted although gw cannot run them. */
  readonly unavailablePlugins?: readonly string[];
  /** Of a plugin that cannot be created: it is left out as if gw did not have it. Without it, `createRuntime` throws. */
  readonly onPluginFailure?: ((plugin: PluginEntity, reason: unknown) => void) | undefined;
  /** The configuration with its secrets masked. */
  readonly show?: () => Readonly<Record<string, readonly JsonObject[]>>;
}

/** How the requests of one route are served. */
export interface RoutePlan {
  readonly route: Route;
  readonly service: Service | undefined;
  /** What the service's host stands for; undefined when it is a host. */
  readonly group: TargetGroup | undefined;
  /** How the service is met over TLS; undefined: as usual. */
  readonly tls: UpstreamTls | undefined;
  /** In the order they run. */
  readonly links: readonly ChainLink[];
  /** What gw cannot run of the route, as in "gw cannot run …"; when there is anything, nothing is served. */
  readonly unavailable: readonly string[];
}

export interface RuntimeMatch extends Pick<Match, "prefix" | "captures"> {
  readonly plan: RoutePlan;
}

/** A configuration, compiled. Never changes: a new configuration is a new runtime. */
export interface Runtime {
  readonly serial: number | undefined;
  readonly upstream: Upstream;
  readonly plans: readonly RoutePlan[];
  match(request: RouterRequest): RuntimeMatch | undefined;
  /** Settles when every plugin can serve at its best; never rejects. */
  warm(signal: AbortSignal): Promise<void>;
  /** Why its plugins are not ready; empty when they are. */
  problems(): readonly string[];
  /** How each secret is that it refers to. */
  secrets(): readonly SecretStatus[];
  /** The configuration with its secrets masked, by collection. */
  show(): Readonly<Record<string, readonly JsonObject[]>>;
  /** How the targets of upstreams are. */
  upstreamTargets(): readonly UpstreamTargetState[];
  /** How the targets of AI plugins are. */
  aiTargets(): readonly AiTargetState[];
  /** A request that is served by it begins; every call is paired with `release`. */
  acquire(): void;
  release(): void;
  /** Settles when the last request has ended, the plugins are closed, and then the services. Never rejects. */
  close(): Promise<void>;
}

/**
 * Throws what a plugin's `create` throws, and ConfigError for a route that cannot be compiled; the plugins that were created are closed
 * again, `services` are left to the caller.
 */
export async function createRuntime(
  config: GatewayConfig,
  services: RuntimeServices,
  options: RuntimeOptions = {},
): Promise<Runtime> {
  const usable = config.services.filter((service) => service.enabled);
  const routes = withoutDisabledServices(config.routes, usable);
  const router = compileRouter(routes, usable);
  const selections = selectPlugins(routes, config.plugins);
  const chosen = selections.flatMap(({ choices }) => choices.flatMap(entitiesOf));
  const used = new Map(chosen.map((plugin) => [plugin.id, plugin]));
  const tlsOf = new Map(usable.map((service) => [service.id, tlsOfService(service, config, services)]));
  const made = await makePlugins([...used.values()], services, options);

  const groups = openTargetGroups(config, {
    client: services.upstream,
    memories: services.targetMemories ?? new TargetMemories(),
    clock: services.clock ?? systemClock,
  });
  const byId = new Map(usable.map((service) => [service.id, service]));
  const plans = selections.map(({ route, choices }): RoutePlan => {
    const service = route.service === undefined ? undefined : byId.get(route.service.id);
    const { links, unavailable } = toChain(choices, made);
    return {
      route,
      service,
      group: service && groups.find(service.host),
      tls: service && tlsOf.get(service.id),
      links,
      unavailable: [...notRunOf(route, service, config), ...unavailable],
    };
  });
  return new CompiledRuntime({ router, plans, made: [...made.values()], groups }, services, options);
}

function tlsOfService(service: Service, config: GatewayConfig, { secrets }: RuntimeServices): UpstreamTls | undefined {
  const group = config.upstreams.find(({ name }) => name === service.host);
  const resolve: ResolveSecret = async (reference) => {
    if (secrets === undefined) throw new BugError("There is nobody to resolve a secret.");
    return await secrets.resolve(reference);
  };
  return toServiceTls(service, group?.client_certificate?.id, config, resolve);
}

/** What their fields ask for that gw does not do. */
function notRunOf(
  route: Route,
  service: Service | undefined,
  { filter_chains: chains }: GatewayConfig,
): readonly string[] {
  const ofService = service === undefined ? [] : notRunOfService(service);
  return [...notRunOfRoute(route), ...ofService, ...notRunOfFilterChains(chains, route)].map(({ what }) => what);
}

function withoutDisabledServices(routes: readonly Route[], usable: readonly Service[]): readonly Route[] {
  const ids = new Set(usable.map((service) => service.id));
  return routes.filter((route) => route.service === undefined || ids.has(route.service.id));
}

interface MadePlugin {
  /** Instance name, else the id. */
  readonly name: string;
  readonly priority: number;
  readonly plugin: Plugin;
}

/** By entity id; those that gw cannot run are left out. */
async function makePlugins(
  entities: readonly PluginEntity[],
  services: RuntimeServices,
  { unavailablePlugins, onPluginFailure }: RuntimeOptions,
): Promise<ReadonlyMap<string, MadePlugin>> {
  const unavailable = new Set(unavailablePlugins);
  const made = new Map<string, MadePlugin>();
  const results = await Promise.allSettled(
    entities.map(async (entity) => {
      const definition = unavailable.has(entity.id) ? undefined : await services.definition(entity.name);
      if (definition === undefined) return;
      try {
        const plugin = await definition.create(entity.config, services.pluginServices(entity.id));
        made.set(entity.id, { name: entity.instance_name ?? entity.id, priority: definition.priority, plugin });
      } catch (error) {
        if (onPluginFailure === undefined) throw error;
        onPluginFailure(entity, error);
      }
    }),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return made;
  await closeAll([...made.values()].map(({ plugin }) => plugin));
  throw failed.reason;
}

function entitiesOf({ everyone, byConsumer }: PluginChoice): readonly PluginEntity[] {
  return [...(everyone === undefined ? [] : [everyone]), ...byConsumer.values()];
}

function toChain(
  choices: readonly PluginChoice[],
  made: ReadonlyMap<string, MadePlugin>,
): Pick<RoutePlan, "links" | "unavailable"> {
  const isRunnable = (choice: PluginChoice): boolean => entitiesOf(choice).every(({ id }) => made.has(id));
  const links = choices.filter(isRunnable).map((choice) => ({ choice, priority: priorityOf(choice, made) }));
  links.sort((a, b) => b.priority - a.priority || a.choice.name.localeCompare(b.choice.name));
  return {
    links: links.map(({ choice }) => toLink(choice, made)),
    unavailable: choices.filter((choice) => !isRunnable(choice)).map(({ name }) => `its plugin "${name}"`),
  };
}

function priorityOf(choice: PluginChoice, made: ReadonlyMap<string, MadePlugin>): number {
  return Math.max(...entitiesOf(choice).map(({ id }) => made.get(id)?.priority ?? 0));
}

function toLink({ name, everyone, byConsumer }: PluginChoice, made: ReadonlyMap<string, MadePlugin>): ChainLink {
  const pluginOf = ({ id }: PluginEntity): Plugin => made.get(id)?.plugin ?? passOn;
  const link = {
    name,
    scope: everyone === undefined ? ("consumer" as const) : scopeOf(everyone),
    plugin: everyone === undefined ? passOn : pluginOf(everyone),
  };
  if (byConsumer.size === 0) return link;
  return { ...link, byConsumer: new Map([...byConsumer].map(([id, entity]) => [id, pluginOf(entity)])) };
}

function scopeOf({ route, service }: PluginEntity): PluginScope {
  if (route !== undefined) return service === undefined ? "route" : "route and service";
  return service === undefined ? "global" : "service";
}

interface RuntimeParts {
  readonly router: Router;
  readonly plans: readonly RoutePlan[];
  readonly made: readonly MadePlugin[];
  readonly groups: TargetGroups;
}

class CompiledRuntime implements Runtime {
  readonly serial: number | undefined;
  readonly upstream: Upstream;
  readonly plans: readonly RoutePlan[];
  readonly show: Runtime["show"];
  readonly #router: Router;
  readonly #planOf: ReadonlyMap<string, RoutePlan>;
  readonly #made: readonly MadePlugin[];
  readonly #plugins: readonly Plugin[];
  readonly #groups: TargetGroups;
  readonly #services: RuntimeServices;
  #requests = 0;
  #closing: { readonly promise: Promise<void>; readonly done: () => void } | undefined;

  constructor(
    { router, plans, made, groups }: RuntimeParts,
    services: RuntimeServices,
    { serial, show }: RuntimeOptions,
  ) {
    this.#router = router;
    this.#groups = groups;
    this.plans = plans;
    this.#planOf = new Map(plans.map((plan) => [plan.route.id, plan]));
    this.#made = made;
    this.#plugins = made.map(({ plugin }) => plugin);
    this.upstream = services.upstream;
    this.#services = services;
    this.serial = serial;
    this.show = show ?? (() => ({}));
  }

  match(request: RouterRequest): RuntimeMatch | undefined {
    const match = this.#router.match(request);
    if (match === undefined) return undefined;
    const plan = this.#planOf.get(match.route.id);
    return plan && { plan, prefix: match.prefix, captures: match.captures };
  }

  async warm(signal: AbortSignal): Promise<void> {
    const { secrets } = this.#services;
    // A signal each: Node warns of more than ten listeners at one.
    const plugins = this.#plugins.map(async (plugin) => await plugin.warm?.(AbortSignal.any([signal])));
    await Promise.allSettled([secrets?.warm(signal), ...plugins]);
  }

  problems(): readonly string[] {
    return this.#plugins.flatMap((plugin) => plugin.problems?.() ?? []);
  }

  secrets(): readonly SecretStatus[] {
    return this.#services.secrets?.status() ?? [];
  }

  upstreamTargets(): readonly UpstreamTargetState[] {
    return this.#groups.all.flatMap(({ upstream, targets }) =>
      targets.map(({ name, health }) => ({ upstream: upstream.name, target: name, isHealthy: health.isHealthy })),
    );
  }

  aiTargets(): readonly AiTargetState[] {
    return this.#made.flatMap(({ name, plugin }) =>
      (plugin.targetStates?.() ?? []).map((state) => ({ plugin: name, ...state })),
    );
  }

  acquire(): void {
    this.#requests += 1;
  }

  release(): void {
    this.#requests -= 1;
    if (this.#requests === 0) this.#closing?.done();
  }

  async close(): Promise<void> {
    this.#closing ??= this.#startClosing();
    await this.#closing.promise;
  }

  #startClosing(): { readonly promise: Promise<void>; readonly done: () => void } {
    let done = (): void => {};
    this.#groups.stopChecks();
    const idle = new Promise<void>((resolve) => {
      done = resolve;
    });
    if (this.#requests === 0) done();
    return { promise: idle.then(() => this.#closeParts()), done };
  }

  /** Never rejects: nobody is left that could do something about it. */
  async #closeParts(): Promise<void> {
    await closeAll(this.#plugins);
    this.#groups.close();
    await closeAll([this.#services]);
  }
}

async function closeAll(parts: readonly { close?(): Promise<void> }[]): Promise<void> {
  await Promise.allSettled(parts.map(async (part) => await part.close?.()));
}
