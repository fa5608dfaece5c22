import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Target, Upstream } from "../../../../src/config/types.ts";
import { subscribe } from "../../../../src/observability/events.ts";
import { closedOrigin } from "../../../support/fake-upstream.ts";
import { makeHealthchecks, makeRoute, makeService, makeTarget, makeUpstream } from "../entities.ts";
import { ask, startGateway, startUpstream, type TestGateway } from "../start-gateway.ts";

interface Place {
  readonly name: string;
  readonly target: string;
  readonly asked: string[];
  status: number;
}

/** A server that says its name, its Host and what it was sent. */
async function startPlace(name: string): Promise<Place> {
  const place: Place = { name, target: "", asked: [], status: 200 };
  const server = await startUpstream((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      place.asked.push(`${request.method} ${request.url}`);
      response.writeHead(place.status, { "x-host": request.headers.host ?? "" }).end(`${name}${body}`);
    });
  });
  onTestFinished(() => server.close());
  return Object.assign(place, { target: `127.0.0.1:${server.port}` });
}

async function serve(upstream: Partial<Upstream>, targets: readonly Target[], retries = 5): Promise<TestGateway> {
  const gateway = await startGateway({
    services: [makeService({ host: "pool", retries })],
    routes: [makeRoute({ paths: ["/"], service: { id: makeService({}).id } })],
    upstreams: [makeUpstream(upstream)],
    targets,
  });
  onTestFinished(() => gateway.close());
  return gateway;
}

async function names(port: number, count: number, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  let all = "";
  for (let number = 0; number < count; number += 1) all += (await ask(port, "/", { headers })).body;
  return all;
}

async function closedTarget(): Promise<string> {
  return new URL(await closedOrigin()).host;
}

/** The next notice of this code. */
function nextNotice(code: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = subscribe("notice", (notice) => {
      if (notice.code !== code) return;
      stop();
      resolve();
    });
  });
}

test("targets have their turns by weight, and one of weight 0 has none", async () => {
  const [a, b, c] = await Promise.all([startPlace("a"), startPlace("b"), startPlace("c")]);
  const { port } = await serve({}, [
    makeTarget(1, a.target, { weight: 200 }),
    makeTarget(2, b.target, { weight: 100 }),
    makeTarget(3, c.target, { weight: 0 }),
  ]);
  expect((await names(port, 6)).split("").sort().join("")).toBe("aaaabb");
});

test("the Host header is the target's, or what host_header says", async () => {
  const a = await startPlace("a");
  const gateway = await serve({}, [makeTarget(1, a.target)]);
  const { port } = gateway;
  expect((await ask(port, "/")).headers["x-host"]).toBe(a.target);
  const runtime = await gateway.makeRuntime({
    services: [makeService({ host: "pool" })],
    routes: [makeRoute({ paths: ["/"], service: { id: makeService({}).id } })],
    upstreams: [makeUpstream({ host_header: "api.example.com" })],
    targets: [makeTarget(1, a.target)],
  });
  void gateway.server.swap(runtime);
  expect((await ask(port, "/")).headers["x-host"]).toBe("api.example.com");
});

test("equal headers go to one target; what has no such header goes by the fallback", async () => {
  const places = await Promise.all(["a", "b", "c"].map(startPlace));
  const { port } = await serve(
    { algorithm: "consistent-hashing", hash_on: "header", hash_on_header: "x-user", hash_fallback: "ip" },
    places.map(({ target }, index) => makeTarget(index, target)),
  );
  const users = Array.from({ length: 30 }, (_, number) => `user-${number}`);
  const first = await Promise.all(users.map((user) => names(port, 1, { "x-user": user })));
  expect(await Promise.all(users.map((user) => names(port, 1, { "x-user": user })))).toEqual(first);
  expect(new Set(first).size).toBe(3);
  expect(new Set(await names(port, 5)).size).toBe(1);
});

test("a client without the hashed cookie is given one, which brings it back to the same target", async () => {
  const places = await Promise.all(["a", "b", "c"].map(startPlace));
  const { port } = await serve(
    { algorithm: "consistent-hashing", hash_on: "cookie", hash_on_cookie: "seat", hash_on_cookie_path: "/shop" },
    places.map(({ target }, index) => makeTarget(index, target)),
  );
  const { headers, body } = await ask(port, "/");
  const [cookie = ""] = headers["set-cookie"] ?? [];
  expect(cookie).toMatch(/^seat=[\da-f-]{36}; Path=\/shop; HttpOnly$/);
  expect(await names(port, 4, { cookie: cookie.split(";")[0] ?? "" })).toBe(body.repeat(4));
});

test("a target that cannot be reached is passed over, a body that was not sent goes to the next", async () => {
  const [closed, b] = await Promise.all([closedTarget(), startPlace("b")]);
  const { port } = await serve({}, [makeTarget(1, closed), makeTarget(2, b.target)]);
  const reply = await ask(port, "/", { method: "POST", body: "-body" });
  expect(reply).toMatchObject({ status: 200, body: "b-body" });
  expect((await ask(port, "/", { method: "POST", body: "x".repeat(200_000) })).body).toHaveLength(200_001);
});

test("without retries the failure is the answer", async () => {
  const { port } = await serve({}, [makeTarget(1, await closedTarget())], 0);
  expect((await ask(port, "/", { method: "POST", body: "x".repeat(200_000) })).status).toBe(502);
});

test("what was sent and cannot be repeated goes to no second target", async () => {
  let asked = 0;
  const cutting = await startUpstream((request) => {
    asked += 1;
    request.resume().on("end", () => request.socket.destroy());
  });
  onTestFinished(() => cutting.close());
  const { port } = await serve({}, [makeTarget(1, `127.0.0.1:${cutting.port}`)]);
  expect((await ask(port, "/", { method: "POST", body: "x" })).status).toBe(502);
  expect(asked).toBe(1);
});

test("no target at all is Kong's 503, and the name never goes to DNS", async () => {
  const { port } = await serve({}, []);
  const reply = await ask(port, "/");
  expect(reply.status).toBe(503);
  expect(reply.body).toContain("failure to get a peer from the ring-balancer");
});

test("passive checks take a target out after so many bad answers, and below the threshold nothing is served", async () => {
  const [a, b] = await Promise.all([startPlace("a"), startPlace("b")]);
  const unhealthy = { http_statuses: [500], http_failures: 2, tcp_failures: 0, timeouts: 0 };
  const healthchecks = makeHealthchecks({ passive: { unhealthy } });
  const targets = [makeTarget(1, a.target), makeTarget(2, b.target)];
  const gateway = await serve({ healthchecks }, targets);
  const { port } = gateway;
  a.status = 500;
  expect(await names(port, 4)).toBe("abab");
  expect(await names(port, 4)).toBe("bbbb");

  const stricter = makeUpstream({ healthchecks: makeHealthchecks({ passive: { unhealthy }, threshold: 60 }) });
  const config = { services: [makeService({ host: "pool" })], upstreams: [stricter], targets };
  const routes = [makeRoute({ paths: ["/"], service: { id: makeService({}).id } })];
  void gateway.server.swap(await gateway.makeRuntime({ ...config, routes }));
  // What was known of the targets is still known after the reload.
  expect((await ask(port, "/")).status).toBe(503);
});

test("spare targets serve only when the others are out", async () => {
  const [a, spare] = await Promise.all([startPlace("a"), startPlace("s")]);
  const unhealthy = { http_statuses: [500], http_failures: 1, tcp_failures: 0, timeouts: 0 };
  const { port } = await serve({ healthchecks: makeHealthchecks({ passive: { unhealthy } }) }, [
    makeTarget(1, spare.target, { failover: true }),
    makeTarget(2, a.target),
  ]);
  expect(await names(port, 2)).toBe("aa");
  a.status = 500;
  expect(await names(port, 3)).toBe("ass");
});

test("active checks take a target out and bring it back", async () => {
  const [a, b] = await Promise.all([startPlace("a"), startPlace("b")]);
  const statuses = { http_failures: 1, tcp_failures: 1, timeouts: 1, interval: 1 };
  const active = {
    http_path: "/health",
    headers: { "x-check": ["yes"] },
    healthy: { http_statuses: [200], interval: 1, successes: 1 },
    unhealthy: { http_statuses: [500], ...statuses },
  };
  a.status = 500;
  const isOut = nextNotice("upstream-target-out");
  const { port } = await serve({ healthchecks: makeHealthchecks({ active }) }, [
    makeTarget(1, a.target),
    makeTarget(2, b.target),
  ]);
  await isOut;
  expect(a.asked).toContain("GET /health");
  expect(await names(port, 3)).toBe("bbb");
  const isBack = nextNotice("upstream-target-back");
  a.status = 200;
  await isBack;
  expect(await names(port, 4)).toContain("a");
});

test("checks by TCP ask for a connection and no more", async () => {
  const silent = createServer((socket) => socket.on("error", () => {}));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const closed = await closedTarget();
  const active = {
    type: "tcp" as const,
    healthy: { http_statuses: [], interval: 1, successes: 1 },
    unhealthy: { http_statuses: [], http_failures: 0, tcp_failures: 1, timeouts: 0, interval: 1 },
  };
  const isOut = nextNotice("upstream-target-out");
  const { server } = await serve({ healthchecks: makeHealthchecks({ active }) }, [makeTarget(1, closed)]);
  await isOut;
  const [plan] = server.runtime.plans;
  expect(plan?.group?.targets.map(({ health }) => health.isHealthy)).toEqual([false]);
});
