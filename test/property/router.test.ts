import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Route } from "../../src/config/types.ts";
import { compileRouter, type RouterRequest } from "../../src/gateway/router.ts";
import { uuidV5 } from "../../src/core/uuid-v5.ts";
import { makeRoute } from "../unit/gateway/entities.ts";

/**
 * Section 6.5 as directly as it can be said: every route, every group of its paths, one 64-bit number each; the largest (number, id)
 * that matches wins. No index.
 */
function slowMatch(
  routes: readonly Route[],
  request: RouterRequest,
): { readonly name: string; readonly prefix: string | undefined } | undefined {
  const candidates = routes.flatMap((route) => groups(route).flatMap((group) => candidate(route, group, request)));
  candidates.sort((a, b) => (a.priority === b.priority ? (a.id < b.id ? 1 : -1) : a.priority < b.priority ? 1 : -1));
  return candidates[0] && { name: candidates[0].name, prefix: candidates[0].prefix };
}

function groups(route: Route): { readonly id: string; readonly paths: readonly string[] }[] {
  const found: string[][] = [];
  for (const path of route.paths ?? []) {
    const alike = found.find(([first = ""]) =>
      first.startsWith("~") || path.startsWith("~") ? first[0] === path[0] : first.length === path.length,
    );
    if (alike === undefined) found.push([path]);
    else alike.push(path);
  }
  if (found.length < 2) return [{ id: route.id, paths: found[0] ?? [] }];
  const namespace = "7f145bf9-0dce-4f91-98eb-debbce4b9f6b";
  return found.map((paths, index) => ({ id: uuidV5(namespace, `${route.id}#${index + 1}`), paths }));
}

function candidate(
  route: Route,
  group: { readonly id: string; readonly paths: readonly string[] },
  request: RouterRequest,
) {
  const prefix = group.paths.map((path) => matchedText(path, request.path)).find((text) => text !== undefined);
  const isMatch =
    (group.paths.length === 0 || prefix !== undefined) &&
    (route.methods === undefined || route.methods.includes(request.method)) &&
    (route.hosts === undefined || route.hosts.some((host) => hostMatches(host, request.host))) &&
    Object.entries(route.headers ?? {}).every(([name, values]) => values.includes(headerOf(request, name) ?? "absent"));
  return isMatch ? [{ id: group.id, name: route.name ?? "", prefix, priority: priority(route, group.paths) }] : [];
}

function matchedText(path: string, requestPath: string): string | undefined {
  if (path.startsWith("~")) return new RegExp(`^(?:${path.slice(1)})`).exec(requestPath)?.[0];
  return requestPath.startsWith(path) ? path : undefined;
}

function hostMatches(pattern: string, host: string): boolean {
  const [name = "", port] = pattern.split(":");
  const [requestName = "", requestPort = "80"] = host.split(":");
  const expression = new RegExp(`^${name.replaceAll(".", "\\.").replace("*", ".+")}$`);
  return expression.test(requestName) && (port === undefined || port === requestPort);
}

function headerOf(request: RouterRequest, name: string): string | undefined {
  return request.rawHeaders[request.rawHeaders.indexOf(name) + 1];
}

function priority(route: Route, paths: readonly string[]): bigint {
  const isRegex = paths[0]?.startsWith("~") ?? false;
  const headers = Object.keys(route.headers ?? {}).length;
  const weight = [route.methods, route.hosts, headers > 0 ? headers : undefined, paths[0]].filter(
    (kind) => kind !== undefined,
  ).length;
  const isPlainHost = route.hosts !== undefined && !route.hosts.some((host) => host.includes("*"));
  return (
    (BigInt(weight) << 61n) |
    (BigInt(isPlainHost) << 60n) |
    (BigInt(headers) << 52n) |
    (BigInt(isRegex) << 51n) |
    (BigInt(isRegex ? route.regex_priority : 0) << 19n) |
    BigInt(isRegex ? 0 : (paths[0]?.length ?? 0))
  );
}

const segments = fc.array(fc.constantFrom("a", "b", "aa"), { maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
const regexes = fc.constantFrom("~/a", "~/a/?b", "~/[ab]+/a", "~/(a|b)/b", "~/a|/b", "~/.*a$", "~/aa?");
const routeFields = fc.record(
  {
    id: fc.uuid(),
    paths: fc.uniqueArray(fc.oneof({ weight: 3, arbitrary: segments }, regexes), { minLength: 1, maxLength: 4 }),
    methods: fc.constantFrom(["GET"], ["POST", "PUT"]),
    hosts: fc.subarray(["a.test", "*.test", "a.*", "b.test:81"], { minLength: 1 }),
    headers: fc.constantFrom({ "x-a": ["1"] }, { "x-a": ["1", "2"], "x-b": ["1"] }),
    regex_priority: fc.integer({ min: 0, max: 2 }),
  },
  { requiredKeys: ["id"] },
);
const routeLists = fc
  .uniqueArray(routeFields, { selector: ({ id }) => id, maxLength: 12 })
  .map((list) => list.map((fields, index) => makeRoute({ ...fields, name: `route-${index}` })));
const requests: fc.Arbitrary<RouterRequest> = fc.record({
  method: fc.constantFrom("GET", "POST"),
  scheme: fc.constant("http" as const),
  host: fc.constantFrom("a.test", "b.test", "b.test:81", "a.other", "c.test"),
  serverName: fc.constant(undefined),
  path: segments,
  rawHeaders: fc.constantFrom([], ["x-a", "1"], ["x-a", "2", "x-b", "1"]),
});

it("chooses what a walk over all routes chooses", () => {
  fc.assert(
    fc.property(routeLists, fc.array(requests, { minLength: 1, maxLength: 8 }), (routes, asked) => {
      const router = compileRouter(routes, []);
      for (const request of asked) {
        const match = router.match(request);
        expect(match && { name: match.route.name, prefix: match.prefix }).toEqual(slowMatch(routes, request));
      }
    }),
    { numRuns: 500 },
  );
});
