import type { Plugin, Route, Service, Target, Upstream } from "../../../src/config/types.ts";

/** Entities as the loader gives them: defaults filled, ids given. */
export function makeRoute(fields: Partial<Route>): Route {
  return {
    id: "00000000-0000-4000-8000-000000000001",
    protocols: ["http", "https"],
    regex_priority: 0,
    strip_path: true,
    path_handling: "v0",
    preserve_host: false,
    https_redirect_status_code: 426,
    request_buffering: true,
    response_buffering: true,
    ...fields,
  };
}

export function makeService(fields: Partial<Service>): Service {
  return {
    id: "10000000-0000-4000-8000-000000000001",
    name: "service",
    protocol: "http",
    host: "127.0.0.1",
    port: 80,
    retries: 5,
    connect_timeout: 60_000,
    write_timeout: 60_000,
    read_timeout: 60_000,
    enabled: true,
    ...fields,
  };
}

export function makePlugin(fields: Partial<Plugin>): Plugin {
  return {
    id: "20000000-0000-4000-8000-000000000001",
    name: "plugin",
    config: {},
    enabled: true,
    protocols: ["grpc", "grpcs", "http", "https"],
    ...fields,
  };
}

type Healthchecks = Upstream["healthchecks"];

export interface ChecksOptions {
  readonly active?: Partial<Healthchecks["active"]>;
  readonly passive?: Partial<Healthchecks["passive"]>;
  readonly threshold?: number;
}

/** Kong's defaults: nothing is checked. */
export function makeHealthchecks({ active, passive, threshold = 0 }: ChecksOptions = {}): Healthchecks {
  const unhealthy = { http_statuses: [429, 500, 503], http_failures: 0, tcp_failures: 0, timeouts: 0 };
  return {
    active: {
      type: "http",
      http_path: "/",
      https_verify_certificate: true,
      concurrency: 10,
      timeout: 1,
      healthy: { http_statuses: [200, 302], interval: 0, successes: 0 },
      unhealthy: { ...unhealthy, interval: 0 },
      ...active,
    },
    passive: { type: "http", healthy: { http_statuses: [200, 201], successes: 0 }, unhealthy, ...passive },
    threshold,
  };
}

export function makeUpstream(fields: Partial<Upstream>): Upstream {
  return {
    id: "30000000-0000-4000-8000-000000000001",
    name: "pool",
    algorithm: "round-robin",
    slots: 10_000,
    hash_on: "none",
    hash_fallback: "none",
    hash_on_cookie_path: "/",
    use_srv_name: false,
    healthchecks: makeHealthchecks(),
    ...fields,
  };
}

/** The `number`-th of `upstream`. */
export function makeTarget(number: number, target: string, fields: Partial<Target> = {}): Target {
  const upstream = { id: "30000000-0000-4000-8000-000000000001" };
  return {
    id: `40000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    target,
    weight: 100,
    upstream,
    ...fields,
  };
}

/** A UUID that sorts by `number`. */
export function id(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
