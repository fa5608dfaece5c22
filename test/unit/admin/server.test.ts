import { afterEach, describe, expect, it } from "vitest";
import { type AdminServer, createAdminServer } from "../../../src/admin/server.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { ask } from "../gateway/start-gateway.ts";

let server: AdminServer;
let port: number;
let problems: readonly string[];

async function start(token?: string): Promise<void> {
  problems = [];
  server = createAdminServer(
    {
      facts: () => ({
        version: "1.2.3",
        serial: undefined,
        routes: 2,
        uptimeMs: 61_999,
        requests: 10,
        inFlight: 1,
        workers: 1,
        secrets: [],
      }),
      problems: () => problems,
      entities: async () => ({ routes: [{ id: "1", name: "a b" }], consumers: [{ id: "2", username: "ada" }] }),
      metrics: async () => "gw_up 1\n",
    },
    { token },
  );
  port = (await server.listen("127.0.0.1", 0)).port;
}

afterEach(async () => await server.close());

async function askJson(
  path: string,
  method = "GET",
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { status, body } = await ask(port, path, { method, headers });
  return { status, body: JSON.parse(body) as unknown };
}

describe("the admin listener", () => {
  it("is ready exactly while there are no problems", async () => {
    await start();
    expect(await askJson("/status/ready")).toEqual({ status: 200, body: { message: "ready" } });
    problems = ["descriptions of plugin x are not embedded yet"];
    expect(await askJson("/status/ready")).toEqual({ status: 503, body: { message: "not ready", problems } });
    problems = [];
    expect((await askJson("/status/ready?x=1")).status).toBe(200);
  });

  it("tells the facts", async () => {
    await start();
    expect(await askJson("/status")).toEqual({
      status: 200,
      body: {
        version: "1.2.3",
        serial: null,
        routes: 2,
        uptime_seconds: 61,
        requests: 10,
        in_flight: 1,
        workers: 1,
        secrets: [],
      },
    });
  });

  it("lists the secrets alone, without what they are", async () => {
    await start();
    expect(await askJson("/status/secrets")).toEqual({ status: 200, body: { secrets: [] } });
  });

  it("lists entities as Kong does, and finds one by id or name", async () => {
    await start();
    const route = { id: "1", name: "a b" };
    expect(await askJson("/routes")).toEqual({ status: 200, body: { data: [route], next: null } });
    expect(await askJson("/routes/a%20b")).toEqual({ status: 200, body: route });
    expect(await askJson("/consumers/ada")).toMatchObject({ status: 200, body: { id: "2" } });
    expect(await askJson("/services")).toEqual({ status: 200, body: { data: [], next: null } });
    expect(await askJson("/routes/c")).toMatchObject({ status: 404 });
  });

  it("has metrics in Prometheus' format", async () => {
    await start();
    const { status, headers, body } = await ask(port, "/metrics");
    expect({ status, body }).toEqual({ status: 200, body: "gw_up 1\n" });
    expect(headers["content-type"]).toContain("text/plain; version=0.0.4");
  });

  it.each([
    "/",
    "/keyauth_credentials",
    "/__proto__",
    "/routes/1/plugins",
    "/status/x",
    "/status/secrets/x",
    "/metrics/x",
    "/routes/%zz",
  ])("has nothing at %s", async (path) => {
    await start();
    expect(await askJson(path)).toEqual({ status: 404, body: { message: "Not found" } });
  });

  it.each(["/status", "/routes", "/metrics", "/status/ready"])("has nothing to write to at %s", async (path) => {
    await start();
    expect(await askJson(path, "POST")).toEqual({ status: 405, body: { message: "Method not allowed" } });
    expect(await askJson(path, "DELETE")).toMatchObject({ status: 405 });
  });

  it("with a token, tells others only whether it is ready", async () => {
    await start("s3cret");
    problems = ["why"];
    expect(await askJson("/status/ready")).toEqual({ status: 503, body: { message: "not ready" } });
    for (const path of ["/status", "/status/secrets", "/metrics", "/routes", "/routes/1"]) {
      expect(await askJson(path)).toEqual({ status: 401, body: { message: "Unauthorized" } });
      expect(await askJson(path, "GET", { Authorization: "Bearer s3cre" })).toMatchObject({ status: 401 });
    }
    expect(await askJson("/status", "GET", { Authorization: "Bearer s3cret" })).toMatchObject({ status: 200 });
    expect(await askJson("/status/ready", "GET", { "Kong-Admin-Token": "s3cret" })).toMatchObject({
      body: { problems },
    });
  });

  it("says where it cannot listen, and closes although it never did", async () => {
    await start();
    const nothing = (): never => expect.unreachable();
    const second = createAdminServer({ facts: nothing, problems: nothing, entities: nothing, metrics: nothing });
    await expect(second.listen("127.0.0.1", port)).rejects.toThrow(UsageError);
    await expect(second.listen("127.0.0.1", port)).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program listens there.`,
    );
    await second.close();
  });
});
