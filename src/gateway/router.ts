import type { Route, Service } from "../config/types.ts";
import { isReachable } from "../core/not-run.ts";
import type { LinearExpression, StartMatch } from "../core/linear-expression.ts";
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

/** Matchers whose paths begin with the same text. */
interface Bucket {
  readonly text: string;
  readonly entries: Entry[];
  /** Another whose text has the same hash. */
  readonly next: Bucket | undefined;
}

/** All texts of one length. */
interface Length {
  readonly length: number;
  /** The smallest of its entries. */
  readonly rank: number;
}

/**
 * Matchers by the text that a path must begin with to interest them; those without paths are under the empty text. A path is hashed once,
 * letter by letter, and its hash so far looked up at each length that there is: to cut the path at each would make as many strings.
 */
class PathBuckets {
  readonly #buckets = new Map<number, Bucket>();
  /** The shortest first. */
  #lengths: readonly Length[] = [];
  /** Of the path that is being looked for, by length. */
  #hashes = new Int32Array(0);

  /** Entries come in order of rank. */
  add(entry: Entry): void {
    const { prefixes, regexPaths } = entry.matcher;
    const texts = new Set([...prefixes, ...regexPaths.map(literalPrefix)]);
    if (texts.size === 0) texts.add("");
    for (const text of texts) this.#addUnder(text, entry);
  }

  #addUnder(text: string, entry: Entry): void {
    const hash = hashOn(FIRST_HASH, text, 0, text.length);
    const first = this.#buckets.get(hash);
    let bucket = first;
    while (bucket !== undefined && bucket.text !== text) bucket = bucket.next;
    if (bucket === undefined) this.#buckets.set(hash, { text, entries: [entry], next: first });
    else bucket.entries.push(entry);
    if (this.#lengths.some(({ length }) => length === text.length)) return;
    const added = { length: text.length, rank: entry.rank };
    this.#lengths = [...this.#lengths, added].sort((one, other) => one.length - other.length);
    this.#hashes = new Int32Array(this.#lengths.length);
  }

  /** The entry of smallest rank that matches, or `best` when none is smaller. */
  find(asked: Asked, best: Found | undefined): Found | undefined {
    const { path } = asked.request;
    let found = best;
    for (let index = this.#hash(path) - 1; index >= 0; index -= 1) {
      const { length, rank } = this.#lengths[index] ?? noLength;
      if (found !== undefined && found.entry.rank < rank) continue;
      let bucket = this.#buckets.get(this.#hashes[index] ?? 0);
      for (; bucket !== undefined; bucket = bucket.next)
        if (bucket.text.length === length && path.startsWith(bucket.text))
          found = firstMatch(bucket.entries, bucket.text, asked, found);
    }
    return found;
  }

  /** How many of the lengths the path has. */
  #hash(path: string): number {
    let hash = FIRST_HASH;
    let at = 0;
    for (let index = 0; index < this.#lengths.length; index += 1) {
      const { length } = this.#lengths[index] ?? noLength;
      if (length > path.length) return index;
      hash = hashOn(hash, path, at, length);
      at = length;
      this.#hashes[index] = hash;
    }
    return this.#lengths.length;
  }
}

const noLength: Length = { length: 0, rank: 0 };

/** FNV-1a over UTF-16 units. */
const FIRST_HASH = 0x811c9dc5 | 0;

function hashOn(hash: number, text: string, from: number, to: number): number {
  let next = hash;
  for (let index = from; index < to; index += 1) next = Math.imul(next ^ text.charCodeAt(index), 0x01000193);
  return next;
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
    if (result !== undefined) return { entry, prefix: result.text, captures: result.groups };
  }
  return best;
}

function firstResult(expressions: readonly LinearExpression[], path: string): StartMatch | undefined {
  for (const expression of expressions) {
    const result = expression.matchStart(path);
    if (result !== undefined) return result;
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
