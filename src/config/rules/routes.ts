import { compileLinear } from "../../core/linear-expression.ts";
import type { Finding } from "../draft.ts";
import type { Route } from "../types.ts";
import { normalisePath } from "../../core/normalise-path.ts";
import { isReachable } from "../../core/not-run.ts";
import { error, warning } from "./finding.ts";
import { checkRouteIsRun } from "./not-run.ts";

/** Kong's rules for routes (kong/db/schema/entities/routes.lua and its subschemas), with Kong's texts where it has one. */
export function checkRoute(route: Route): readonly Finding[] {
  return [
    ...checkProtocols(route),
    ...checkMatchers(route),
    ...(route.paths ?? []).flatMap((path, index) => checkPath(path, index)),
    ...(route.hosts ?? []).flatMap((host, index) => checkHost(host, index)),
    ...Object.entries(route.headers ?? {}).flatMap(([name, values]) => checkHeader(name, values)),
    ...checkUnrun(route),
  ];
}

const FAMILIES: readonly ReadonlySet<string>[] = [
  new Set(["http", "https"]),
  new Set(["tcp", "tls", "udp"]),
  new Set(["tls_passthrough"]),
  new Set(["grpc", "grpcs"]),
];

function checkProtocols({ protocols }: Route): readonly Finding[] {
  if (FAMILIES.some((family) => protocols.every((protocol) => family.has(protocol)))) return [];
  const message = "protocols must come from one family: http and https; grpc and grpcs; tcp, tls and udp.";
  return [error("protocol-mix", message, ["protocols"])];
}

function checkMatchers(route: Route): readonly Finding[] {
  if (!isReachable(route)) return [];
  const matchers = [route.methods, route.hosts, route.headers && Object.keys(route.headers), route.paths];
  if (matchers.some((matcher) => matcher !== undefined && matcher.length > 0) || (route.snis ?? []).length > 0)
    return [];
  const isHttps = route.protocols.includes("https");
  const fields = `'methods', 'hosts', 'headers', 'paths'${isHttps ? ", 'snis'" : ""}`;
  const fix = "Without one the route would match nothing. Write paths: [/] for every request.";
  return [
    error("route-matcher", `must set one of ${fields} when 'protocols' is '${isHttps ? "https" : "http"}'.`, [], fix),
  ];
}

function checkPath(path: string, index: number): readonly Finding[] {
  const at = ["paths", index];
  if (path.startsWith("~")) return checkRegexPath(path, at);
  if (!path.startsWith("/"))
    return [error("route-path", "a path should start with: / (fixed path) or ~/ (regex path).", at)];
  if (path.includes("//")) return [error("route-path", "a path must not have empty segments (//).", at)];
  if (!/^[a-zA-Z0-9.\-_~/%]*$/.test(path)) {
    const message = "a path looks like a regular expression and is taken as a prefix.";
    return [warning("route-regex-path-format", message, at, "Put ~ before it if it is a regular expression.")];
  }
  const normal = normalisePath(path);
  if (normal === path) return [];
  return [error("route-path", `non-normalized path, consider use '${normal}' instead.`, at)];
}

function checkRegexPath(path: string, at: readonly (string | number)[]): readonly Finding[] {
  if (!path.startsWith("~/"))
    return [error("route-path", "a path should start with: / (fixed path) or ~/ (regex path).", at)];
  return isRegex(path.slice(1))
    ? []
    : [error("route-path", "a path is not a regular expression that can be read.", at)];
}

function checkHost(host: string, index: number): readonly Finding[] {
  const [name = "", port, ...rest] = host.startsWith("[") ? [host] : host.split(":");
  const isPort = port === undefined || (/^\d{1,5}$/.test(port) && Number(port) <= 65535);
  const labels = name.split(".");
  const wildcards = labels.filter((label) => label.includes("*"));
  const isEdge =
    wildcards.length === 0 ||
    (wildcards[0] === "*" && labels.length > 1 && (labels[0] === "*" || labels.at(-1) === "*"));
  const isHost = host.startsWith("[") || /^[A-Za-z0-9\-._*\u0080-\uffff]+$/.test(name);
  if (isHost && isPort && rest.length === 0 && wildcards.length <= 1 && isEdge) return [];
  const message =
    "a host must be a name or IP address, with at most one * as the whole leftmost or rightmost label, and an optional port.";
  return [error("route-host", message, ["hosts", index])];
}

function checkHeader(name: string, values: readonly string[]): readonly Finding[] {
  if (name.toLowerCase() === "host")
    return [error("route-header", "headers cannot name host.", ["headers", name], "Use hosts.")];
  return values.flatMap((value, index) => {
    if (!value.startsWith("~*") || isRegex(value.slice(2))) return [];
    return [
      error("route-header", "a header's value is not a regular expression that can be read.", ["headers", name, index]),
    ];
  });
}

function checkUnrun(route: Route): readonly Finding[] {
  const findings = checkRouteIsRun(route);
  if (route.path_handling !== "v1") return findings;
  const message = "path_handling v1 has no effect: paths are joined as by v0, as in Kong's default router.";
  return [...findings, warning("no-effect", message, ["path_handling"])];
}

function isRegex(source: string): boolean {
  try {
    compileLinear(source);
    return true;
  } catch {
    return false;
  }
}
