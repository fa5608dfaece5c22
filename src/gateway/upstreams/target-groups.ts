import type { TargetMemories } from "../../balancer/memory.ts";
import type { GatewayConfig } from "../../config/types.ts";
import type { Clock } from "../../core/clock.ts";
import type { Upstream as UpstreamClient } from "../../upstream/upstream.ts";
import { startActiveChecks } from "./active-checks.ts";
import { TargetGroup } from "./target-group.ts";

export interface TargetGroups {
  /** By the host of a service. */
  find(host: string): TargetGroup | undefined;
  readonly all: readonly TargetGroup[];
  /** Targets are not asked any more how they are. */
  stopChecks(): void;
  /** What nobody else knows of the targets is forgotten. */
  close(): void;
}

interface GroupsServices {
  readonly client: UpstreamClient;
  readonly memories: TargetMemories;
  readonly clock: Clock;
}

/** The upstreams that an enabled service names; their checks begin. */
export function openTargetGroups(
  { upstreams, targets, services }: GatewayConfig,
  { client, memories, clock }: GroupsServices,
): TargetGroups {
  const hosts = new Set(services.filter(({ enabled }) => enabled).map(({ host }) => host));
  const all = upstreams
    .filter(({ name }) => hosts.has(name))
    .map((upstream) => {
      const own = targets.filter((target) => target.upstream?.id === upstream.id);
      return new TargetGroup(upstream, own, { memories, clock });
    });
  const byName = new Map(all.map((group) => [group.upstream.name, group]));
  const stops = all.map((group) => startActiveChecks(group, { client, clock }));
  return {
    find: (host) => byName.get(host),
    all,
    stopChecks: () => {
      for (const stop of stops) stop();
    },
    close: () => {
      for (const group of all) group.close();
    },
  };
}
