import { afterEach, describe, expect, it } from "vitest";
import { createStatusServer, type StatusServer } from "../../../src/admin/status.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { ask } from "../gateway/start-gateway.ts";

let server: StatusServer;
let port: number;
let problems: readonly string[];

async function start(): Promise<void> {
  problems = [];
  server = createStatusServer({
    facts: () => ({ version: "1.2.3", serial: undefined, routes: 2, requests: 10, inFlight: 1, secrets: [] }),
    problems: () => problems,
  });
  port = (await server.listen("127.0.0.1", 0)).port;
}

afterEach(async () => await server.close());

async function askJson(path: string, method = "GET"): Promise<{ readonly status: number; readonly body: unknown }> {
  const { status, body } = await ask(port, path, { method });
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
        uptime_seconds: expect.any(Number) as number,
        requests: 10,
        in_flight: 1,
        secrets: [],
      },
    });
  });

  it("has nothing else, and nothing to write to", async () => {
    await start();
    expect(await askJson("/services")).toEqual({ status: 404, body: { message: "Not found" } });
    expect(await askJson("/")).toMatchObject({ status: 404 });
    expect(await askJson("/status", "POST")).toEqual({ status: 405, body: { message: "Method not allowed" } });
  });

  it("says where it cannot listen, and closes although it never did", async () => {
    await start();
    const second = createStatusServer({ facts: () => expect.unreachable(), problems: () => [] });
    await expect(second.listen("127.0.0.1", port)).rejects.toThrow(UsageError);
    await expect(second.listen("127.0.0.1", port)).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program listens there.`,
    );
    await second.close();
  });
});
