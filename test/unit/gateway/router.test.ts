import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Route } from "../../../src/config/types.ts";
import { ConfigError } from "../../../src/core/errors.ts";
import { compileRouter, type Match, type RouterRequest } from "../../../src/gateway/router.ts";
import { id, makeRoute, makeService } from "./entities.ts";

interface Expectation {
  readonly method?: string;
  readonly scheme?: "http" | "https";
  readonly host?: string;
  readonly serverName?: string;
  readonly path?: string;
  readonly headers?: readonly string[];
  readonly route: string | null;
  readonly prefix?: string;
  readonly captures?: Readonly<Record<string, string>>;
}

interface Case {
  readonly name: string;
  readonly routes: readonly Partial<Route>[];
  readonly requests: readonly Expectation[];
}

const cases = JSON.parse(
  readFileSync(new URL("../../../fixtures/routes/matching.json", import.meta.url), "utf8"),
) as Case[];

function toRequest(fields: Partial<Expectation>): RouterRequest {
  return {
    method: fields.method ?? "GET",
    scheme: fields.scheme ?? "http",
    host: fields.host ?? "gateway.test",
    serverName: fields.serverName,
    path: fields.path ?? "/",
    rawHeaders: fields.headers ?? [],
  };
}

describe("compileRouter", () => {
  it.each(cases)("$name", ({ routes, requests }) => {
    const compiled = routes.map((fields, index) => makeRoute({ id: id(index + 1), ...fields }));
    for (const order of [compiled, compiled.toReversed()]) {
      const router = compileRouter(order, []);
      for (const expected of requests) {
        const match = router.match(toRequest(expected));
        expect(match?.route.name ?? null, JSON.stringify(expected)).toBe(expected.route);
        if (expected.prefix !== undefined) expect(match?.prefix).toBe(expected.prefix);
        if (expected.captures !== undefined) expect({ ...match?.captures }).toEqual(expected.captures);
      }
    }
  });

  it("gives the route's service, and none when the service may not be used", () => {
    const service = makeService({});
    const route = makeRoute({ paths: ["/"], service: { id: service.id } });
    const match = (services: readonly (typeof service)[]): Match | undefined =>
      compileRouter([route], services).match(toRequest({}));
    expect(match([service])?.service).toBe(service);
    expect(match([])).toMatchObject({ route, service: undefined });
  });

  it("names the route whose expression cannot be compiled", () => {
    const inPath = makeRoute({ name: "broken", paths: ["~/a(b"] });
    const inHeader = makeRoute({ name: "broken", headers: { "x-a": ["~*["] } });
    expect(() => compileRouter([inPath], [])).toThrow(ConfigError);
    expect(() => compileRouter([inPath], [])).toThrow('Route "broken" has the path "~/a(b"');
    expect(() => compileRouter([inHeader], [])).toThrow('Route "broken" asks that the header "x-a" match "~*["');
  });

  it("finds nothing among no routes", () => {
    expect(compileRouter([], []).match(toRequest({}))).toBeUndefined();
  });
});
