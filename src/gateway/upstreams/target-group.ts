import { consistentHashing } from "../../balancer/algorithms/consistent-hashing.ts";
import { leastConnections } from "../../balancer/algorithms/least-connections.ts";
import { lowestLatency } from "../../balancer/algorithms/lowest-latency.ts";
import { roundRobin } from "../../balancer/algorithms/round-robin.ts";
import type { AttemptResult, Balancer, BalancerDefinition, TargetView } from "../../balancer/balancer.ts";
import type { TargetMemories, TargetMemory } from "../../balancer/memory.ts";
import type { Target, Upstream } from "../../config/types.ts";
import type { Clock } from "../../core/clock.ts";
import { RequestError } from "../../core/errors.ts";
import { publish } from "../../observability/events.ts";
import type { HttpExchange } from "../exchange.ts";
import { hashKeyOf } from "./hash-key.ts";
import { parseTargetAddress, type TargetAddress } from "../../core/target-address.ts";
import {
  canRecover,
  hasLimits,
  newTargetHealth,
  noteSign,
  noteSuccess,
  type Sign,
  type TargetHealth,
} from "./target-health.ts";

export interface GroupTarget {
  readonly index: number;
  /** As it is written. */
  readonly name: string;
  readonly address: TargetAddress;
  readonly health: TargetHealth;
}

interface GroupServices {
  readonly memories: TargetMemories;
  readonly clock: Clock;
}

const algorithms: Readonly<Partial<Record<Upstream["algorithm"], BalancerDefinition>>> = {
  "round-robin": roundRobin,
  "consistent-hashing": consistentHashing,
  "least-connections": leastConnections,
  latency: lowestLatency,
};

/**
 * So long a target rests that requests alone have found unhealthy, in milliseconds. In Kong it would rest until somebody tells the admin
 * API otherwise; gw's admin listener changes nothing.
 */
const REST_MS = 10_000;

/** The targets of an upstream entity: who is asked next, and what is known of each. What is known outlives a reload. */
export class TargetGroup {
  readonly upstream: Upstream;
  /** Those with a weight. */
  readonly targets: readonly GroupTarget[];
  readonly #views: readonly TargetView[];
  readonly #isSpare: readonly boolean[];
  readonly #balancer: Balancer | undefined;
  readonly #clock: Clock;
  readonly #closeMemories: () => void;
  readonly #isWatched: boolean;
  readonly #recovers: boolean;

  /** `targets` are those of the upstream; an address that cannot be read was reported by the check of the configuration and is left out. */
  constructor(upstream: Upstream, targets: readonly Target[], { memories, clock }: GroupServices) {
    const used = targets.flatMap((target) => {
      const address = target.weight > 0 ? parseTargetAddress(target.target) : undefined;
      return address === undefined ? [] : [{ ...target, address }];
    });
    const opened = memories.open(
      `upstream ${upstream.id}`,
      used.map(({ target }) => target),
    );
    this.upstream = upstream;
    this.targets = used.map(({ target, address }, index) => ({
      index,
      name: target,
      address,
      health: opened.memories[index]?.keep("upstream-health", newTargetHealth) ?? newTargetHealth(),
    }));
    this.#views = used.map(({ weight }, index) => toView(index, weight));
    this.#isSpare = used.map(({ failover }) => failover === true);
    this.#balancer = createBalancer(upstream, this.#views, opened.memories);
    this.#clock = clock;
    this.#closeMemories = opened.close;
    const { active, passive } = upstream.healthchecks;
    this.#isWatched = hasLimits(passive) || (active.healthy.interval > 0 && hasLimits(active));
    this.#recovers = canRecover(upstream.healthchecks);
  }

  /**
   * The targets that may be asked, the best first. Throws RequestError GW_TARGETS_DOWN when there is none, and GW_ROUTE_UNAVAILABLE for an
   * algorithm that gw does not have.
   */
  choose(exchange: HttpExchange, captures: Readonly<Record<string, string>> | undefined): readonly GroupTarget[] {
    const balancer = this.#balancer;
    const { name, algorithm } = this.upstream;
    if (balancer === undefined)
      throw new RequestError(
        "GW_ROUTE_UNAVAILABLE",
        `gw does not have the algorithm ${algorithm} of the upstream "${name}".`,
      );
    const candidates = this.#available();
    if (candidates.length === 0)
      throw new RequestError("GW_TARGETS_DOWN", "failure to get a peer from the ring-balancer");
    const hashKey = algorithm === "consistent-hashing" ? hashKeyOf(exchange, this.upstream, captures) : "";
    const order = balancer.order(candidates, {
      now: this.#clock.now(),
      hashKey,
      distances: undefined,
      standings: undefined,
    });
    balancer.observe?.({ kind: "chosen", order });
    return order.flatMap((index) => this.targets[index] ?? []);
  }

  begin({ index }: GroupTarget): void {
    this.#balancer?.observe?.({ kind: "start", index, now: this.#clock.now() });
  }

  /** After each `begin`; `sign` is undefined when the attempt said nothing of the target. */
  end(target: GroupTarget, sign: Sign | undefined, ms: number): void {
    const result: AttemptResult = { verdict: verdictOf(sign), ms, usage: undefined };
    this.#balancer?.observe?.({ kind: "end", index: target.index, now: this.#clock.now(), result });
    if (sign !== undefined) this.#note(target, sign, this.upstream.healthchecks.passive);
  }

  /** What a check has found. */
  noteCheck(target: GroupTarget, sign: Sign | "connected"): void {
    const { active } = this.upstream.healthchecks;
    if (sign !== "connected") this.#note(target, sign, active);
    else if (noteSuccess(target.health, active.healthy.successes)) this.#tell(target);
  }

  close(): void {
    this.#closeMemories();
  }

  #note(target: GroupTarget, sign: Sign, rules: Parameters<typeof noteSign>[2]): void {
    if (noteSign(target.health, sign, rules, this.#clock.now())) this.#tell(target);
  }

  #tell({ name, health }: GroupTarget): void {
    const state = health.isHealthy ? "healthy again" : "unhealthy: no requests go to it";
    publish("notice", {
      code: health.isHealthy ? "upstream-target-back" : "upstream-target-out",
      message: `The target ${name} of the upstream "${this.upstream.name}" is ${state}.`,
      details: { upstream: this.upstream.name, target: name },
    });
  }

  #available(): readonly TargetView[] {
    const healthy = this.#views.filter(({ index }) => this.#isUp(index));
    if (this.#isBelowThreshold(healthy)) return [];
    const usual = healthy.filter(({ index }) => this.#isSpare[index] !== true);
    return usual.length > 0 ? usual : healthy;
  }

  #isUp(index: number): boolean {
    const health = this.targets[index]?.health;
    if (!this.#isWatched || health === undefined || health.isHealthy) return true;
    if (this.#recovers || this.#clock.now() - health.since < REST_MS) return false;
    Object.assign(health, newTargetHealth());
    return true;
  }

  /** Kong's `healthchecks.threshold`: so much of the weight must be healthy, in per cent, or nothing is served. */
  #isBelowThreshold(healthy: readonly TargetView[]): boolean {
    const { threshold } = this.upstream.healthchecks;
    return threshold > 0 && sumOfWeights(healthy) * 100 < threshold * sumOfWeights(this.#views);
  }
}

function toView(index: number, weight: number): TargetView {
  return { index, weight, description: "", isCatchall: false, threshold: 0 };
}

function sumOfWeights(views: readonly TargetView[]): number {
  return views.reduce((sum, { weight }) => sum + weight, 0);
}

function createBalancer(
  { algorithm, slots }: Upstream,
  targets: readonly TargetView[],
  memories: readonly TargetMemory[],
): Balancer | undefined {
  return algorithms[algorithm]?.create({
    targets,
    memories,
    slots,
    latencyStrategy: "e2e",
    usageStrategy: "total-tokens",
    prices: [],
  });
}

function verdictOf(sign: Sign | undefined): AttemptResult["verdict"] {
  if (sign === undefined) return "neutral";
  return typeof sign === "number" && sign < 500 ? "good" : "bad";
}
