import type { Route, Service } from "../config/types.ts";
import { type HostPattern, parseHostPattern } from "./host-pattern.ts";
import { compileExpression, compileRegexPath, isRegexPath } from "./path-pattern.ts";
import type { LinearExpression } from "../core/linear-expression.ts";
import { uuidV5 } from "../core/uuid-v5.ts";

/** A route, or the part of one whose paths are alike: what the router tries as one. */
export interface Matcher {
  readonly route: Route;
  readonly service: Service | undefined;
  /** Kong's 64 bits, field by field from the top: the first that differs decides, the larger wins. */
  readonly priority: readonly number[];
  /** Decides between equal priorities: the larger wins. */
  readonly id: string;
  readonly methods: readonly string[] | undefined;
  readonly hosts: readonly HostPattern[] | undefined;
  readonly headers: readonly HeaderPattern[] | undefined;
  readonly serverNames: readonly string[] | undefined;
  /** Prefixes, all of one length; empty when the paths are regular expressions or there are none. */
  readonly prefixes: readonly string[];
  /** As written, with the tilde; index for index the source of `expressions`. */
  readonly regexPaths: readonly string[];
  readonly expressions: readonly LinearExpression[];
}

export interface HeaderPattern {
  /** In lower case, with dashes. */
  readonly name: string;
  /** In lower case; one must be equal to a value of the header. */
  readonly values: readonly string[];
  readonly expressions: readonly LinearExpression[];
}

/** The namespace that Kong derives the ids of a split route's parts from (kong/router/transform.lua). */
const SPLIT_NAMESPACE = "7f145bf9-0dce-4f91-98eb-debbce4b9f6b";

/** Begins a header value that is a regular expression. */
const REGEX_VALUE = "~*";

/** One matcher per length of prefix and one for all regular expressions: Kong's split, with its ids. */
export function toMatchers(route: Route, service: Service | undefined): readonly Matcher[] {
  const groups = groupPaths(route.paths ?? []);
  if (groups.length <= 1) return [toMatcher(route, service, groups[0] ?? [], route.id)];
  return groups.map((paths, index) => {
    const id = uuidV5(SPLIT_NAMESPACE, `${route.id}#${index + 1}`);
    return toMatcher(route, service, paths, id);
  });
}

/** Highest priority first; among equals the larger id. */
export function compareMatchers(a: Matcher, b: Matcher): number {
  for (const [index, value] of a.priority.entries()) {
    const difference = (b.priority[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

function groupPaths(paths: readonly string[]): readonly string[][] {
  const groups = new Map<number, string[]>();
  for (const path of paths) {
    const key = isRegexPath(path) ? 0 : path.length;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [path]);
    else group.push(path);
  }
  return [...groups.values()];
}

function toMatcher(route: Route, service: Service | undefined, paths: readonly string[], id: string): Matcher {
  const isRegex = paths.some(isRegexPath);
  const name = route.name ?? route.id;
  return {
    route,
    service,
    priority: priorityOf(route, paths, isRegex),
    id: id.toLowerCase(),
    methods: unlessEmpty(route.methods),
    hosts: unlessEmpty(route.hosts)?.map(parseHostPattern),
    headers: unlessEmpty(Object.entries(route.headers ?? {}))?.map(([header, values]) =>
      toHeaderPattern(header, values, name),
    ),
    serverNames: unlessEmpty(route.snis)?.map(withoutFinalDot),
    prefixes: isRegex ? [] : paths,
    regexPaths: isRegex ? paths : [],
    expressions: isRegex ? paths.map((path) => compileRegexPath(path, name)) : [],
  };
}

function priorityOf(route: Route, paths: readonly string[], isRegex: boolean): readonly number[] {
  const hosts = route.hosts ?? [];
  const headerCount = Object.keys(route.headers ?? {}).length;
  const kinds = [route.methods?.length, hosts.length, headerCount, route.snis?.length, paths.length];
  return [
    kinds.filter((count) => (count ?? 0) > 0).length,
    Number(hosts.length > 0 && !hosts.some((host) => host.includes("*"))),
    Math.min(headerCount, 255),
    Number(isRegex),
    isRegex ? route.regex_priority : 0,
    isRegex ? 0 : (paths[0]?.length ?? 0),
  ];
}

function toHeaderPattern(header: string, values: readonly string[], routeName: string): HeaderPattern {
  const compile = (value: string): LinearExpression =>
    compileExpression(value.slice(REGEX_VALUE.length), {
      ignoresCase: true,
      where: `Route "${routeName}" asks that the header "${header}" match "${value}"`,
    });
  return {
    name: header.toLowerCase().replaceAll("_", "-"),
    values: values.filter((value) => !value.startsWith(REGEX_VALUE)).map((value) => value.toLowerCase()),
    expressions: values.filter((value) => value.startsWith(REGEX_VALUE)).map(compile),
  };
}

function unlessEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function withoutFinalDot(name: string): string {
  return (name.length > 1 && name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}
