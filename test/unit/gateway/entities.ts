import type { Plugin, Route, Service } from "../../../src/config/types.ts";

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

/** A UUID that sorts by `number`. */
export function id(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
