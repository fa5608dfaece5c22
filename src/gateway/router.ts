import type { Route, Service } from "../config/types.ts";
import { isReachable } from "../core/not-run.ts";
import { matchesHost, splitHost } from "./host-pattern.ts";
import { compareMatchers, type HeaderPattern, type Matcher, toMatchers } from "./matchers.ts";
import { literalPrefix } from "./path-pattern.ts";

/** What routes look at. */
export interface RouterRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** The Host header as sent; empty when there is none. */
  readonly host: string;
  /** The name that the TLS client asked for. */
  readonly serverName: string | undefined;
  /** Normalised (normalise-path.ts), without the query. */
  readonly path: string;
  /** Alternating names and values. */
  readonly rawHeaders: readonly string[];
}

export interface Match {
  readonly route: Route;
  readonly service: Service | undefined;
  /** The part of the path that the route's `paths` matched; undefined when it has none. */
  readonly prefix: string | undefined;
  /** Named groups of a regular expression. */
  readonly captures: Readonly<Record<string, string>> | undefined;
}

export interface Router {
  match(request: RouterRequest): Match | undefined;
}

/**
 * Kong's `traditional_compatible` flavour. Routes that no request can reach are left out. Matchers wait in buckets by
 * exact host and by the text their paths begin with, each bucket in order of priority, so the number of routes hardly matters.
 * `services` holds those that may be used. Throws ConfigError for a regular expression that cannot be compiled.
 */
export function compileRouter(routes: readonly Route[], services: readonly Service[]): Router {
  const byId = new Map(services.map((service) => [service.id, service]));
  const matchers = routes
    .filter(isReachable)
    .flatMap((route) => toMatchers(route, route.service === undefined ? undefined : byId.get(route.service.id)))
    .sort(compareMatchers);
  return new BucketRouter(matchers);
}

interface Entry {
  readonly matcher: Matcher;
  /** Position among all matchers: the smaller wins. */
  readonly rank: number;
}

interface Found {
  readonly entry: Entry;
  readonly prefix: string | undefined;
  readonly captures: Readonly<Record<string, string>> | undefined;
}

class BucketRouter implements Router {
  readonly #anyHost = new PathBuckets();
  readonly #byHost = new Map<string, PathBuckets>();
  readonly #looksAtHost: boolean;

  constructor(matchers: readonly Matcher[]) {
    for (const [rank, matcher] of matchers.entries()) this.#add({ matcher, rank });
    this.#looksAtHost = matchers.some((matcher) => matcher.hosts !== undefined);
  }

  #add(entry: Entry): void {
    const hosts = entry.matcher.hosts;
    if (hosts === undefined || hosts.some((pattern) => pattern.kind !== "exact")) {
      this.#anyHost.add(entry);
      return;
    }
    for (const name of new Set(hosts.map((pattern) => pattern.text))) {
      let buckets = this.#byHost.get(name);
      if (buckets === undefined) {
        buckets = new PathBuckets();
        this.#byHost.set(name, buckets);
      }
      buckets.add(entry);
    }
  }

  match(request: RouterRequest): Match | undefined {
    const { host, port } = this.#looksAtHost ? splitHost(request.host) : noHost;
    const asked = { request, host, port: port ?? (request.scheme === "https" ? 443 : 80) };
    const named = this.#byHost.get(host)?.find(asked, undefined);
    const found = this.#anyHost.find(asked, named);
    if (found === undefined) return undefined;
    const { route, service } = found.entry.matcher;
    return { route, service, prefix: found.prefix, captures: found.captures };
  }
}

const noHost = { host: "", port: undefined };

interface Asked {
  readonly request: RouterRequest;
  readonly host: string;
  readonly port: number;
}

/** Matchers by the text that a path must begin with to interest them; those without paths are under the empty text. */
class PathBuckets {
  readonly #buckets = new Map<string, Entry[]>();
  /** Of the texts, the longest first. */
  #lengths: readonly number[] = [];

  /** Entries come in order of rank. */
  add(entry: Entry): void {
    const { prefixes, regexPaths } = entry.matcher;
    const texts = new Set([...prefixes, ...regexPaths.map(literalPrefix)]);
    if (texts.size === 0) texts.add("");
    for (const text of texts) this.#addUnder(text, entry);
  }

  #addUnder(text: string, entry: Entry): void {
    const bucket = this.#buckets.get(text);
    if (bucket === undefined) this.#buckets.set(text, [entry]);
    else bucket.push(entry);
    if (!this.#lengths.includes(text.length)) this.#lengths = [...this.#lengths, text.length].sort((a, b) => b - a);
  }

  /** The entry of smallest rank that matches, or `best` when none is smaller. */
  find(asked: Asked, best: Found | undefined): Found | undefined {
    const { path } = asked.request;
    let found = best;
    for (const length of this.#lengths) {
      if (length > path.length) continue;
      const text = path.slice(0, length);
      const bucket = this.#buckets.get(text);
      if (bucket !== undefined) found = firstMatch(bucket, text, asked, found);
    }
    return found;
  }
}

function firstMatch(bucket: readonly Entry[], text: string, asked: Asked, best: Found | undefined): Found | undefined {
  for (const entry of bucket) {
    if (best !== undefined && best.entry.rank <= entry.rank) return best;
    const { matcher } = entry;
    if (!matchesRest(matcher, asked)) continue;
    if (matcher.expressions.length === 0) {
      return { entry, prefix: matcher.prefixes.length === 0 ? undefined : text, captures: undefined };
    }
    const result = firstResult(matcher.expressions, asked.request.path);
    if (result !== undefined) return { entry, prefix: result[0], captures: result.groups };
  }
  return best;
}

function firstResult(expressions: readonly RegExp[], path: string): RegExpExecArray | undefined {
  for (const expression of expressions) {
    const result = expression.exec(path);
    if (result !== null) return result;
  }
  return undefined;
}

/** Everything but the path. */
function matchesRest(matcher: Matcher, { request, host, port }: Asked): boolean {
  const { methods, hosts, serverNames, headers } = matcher;
  if (methods !== undefined && !methods.includes(request.method)) return false;
  if (hosts !== undefined && !hosts.some((pattern) => matchesHost(pattern, host, port))) return false;
  if (serverNames !== undefined && request.scheme === "https" && !serverNames.includes(request.serverName ?? ""))
    return false;
  return headers === undefined || headers.every((pattern) => matchesHeader(pattern, request.rawHeaders));
}

/** Each line of a repeated header counts by itself. Kong reads headers as nginx variables, where a dash is an underscore. */
function matchesHeader(pattern: HeaderPattern, rawHeaders: readonly string[]): boolean {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.length !== pattern.name.length || name.toLowerCase().replaceAll("_", "-") !== pattern.name) continue;
    const value = (rawHeaders[index + 1] ?? "").toLowerCase();
    if (pattern.values.includes(value) || pattern.expressions.some((expression) => expression.test(value))) return true;
  }
  return false;
}
