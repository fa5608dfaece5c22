// How long the router takes among more and more routes, in this process. Prints one JSON object: nanoseconds for a match, by the number of
// routes. Bundled by parts/router.js, as dist/ is.
import type { Route } from "../../src/config/types.ts";
import { compileRouter, type RouterRequest } from "../../src/gateway/router.ts";
import { makeRoute } from "../unit/gateway/entities.ts";

const COUNTS = [10, 100, 1_000, 10_000];
const TIMES = 300_000;
const ROUNDS = 5;

const measured = COUNTS.map((count) => {
  const router = compileRouter(Array.from({ length: count }, routeOf), []);
  const requests = Array.from({ length: Math.min(count, 1_000) }, (_, index) =>
    requestOf(Math.floor((index * count) / Math.min(count, 1_000))),
  );
  return { count, match: (request: RouterRequest) => router.match(request), requests, rounds: [] as number[] };
});

// Now one, now the other: what disturbs the machine for a while then disturbs all.
for (let round = 0; round <= ROUNDS; round++)
  for (const { match, requests, rounds } of measured) {
    const each = nanoseconds(match, requests);
    if (round > 0) rounds.push(each);
  }
process.stdout.write(JSON.stringify(measured.map(({ count, rounds }) => ({ count, rounds }))));

/** As teams write them: a path of its own, two methods; every fourth has a host of its own, every tenth a regular expression. */
function routeOf(_: unknown, index: number): Route {
  return makeRoute({
    id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    name: `route-${index}`,
    methods: ["GET", "POST"],
    paths: [index % 10 === 9 ? `~/team-${index}/items/(?<item>\\d+)$` : `/team-${index}/items`],
    ...(index % 4 === 3 && { hosts: [`team-${index}.example.com`] }),
  });
}

function requestOf(index: number): RouterRequest {
  return {
    method: "GET",
    scheme: "http",
    host: `team-${index}.example.com`,
    serverName: undefined,
    path: `/team-${index}/items/${index}`,
    rawHeaders: ["Host", `team-${index}.example.com`, "Accept", "*/*"],
  };
}

function nanoseconds(match: (request: RouterRequest) => unknown, requests: readonly RouterRequest[]): number {
  const startedAt = performance.now();
  for (let done = 0; done < TIMES; ) {
    for (const request of requests) if (match(request) === undefined) throw new Error(`No route for ${request.path}.`);
    done += requests.length;
  }
  return ((performance.now() - startedAt) * 1e6) / TIMES;
}
