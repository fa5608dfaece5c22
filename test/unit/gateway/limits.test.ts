import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createGatewayServer } from "../../../src/gateway/server.ts";
import { makeRoute, makeService } from "./entities.ts";
import { ask, askRaw, startGateway, startUpstream, type TestGateway } from "./start-gateway.ts";

async function serve(): Promise<TestGateway> {
  const backend = await startUpstream((request, response) => void response.end(request.url));
  const gateway = await startGateway({
    services: [makeService({ port: backend.port })],
    routes: [makeRoute({ paths: ["/"], service: { id: makeService({}).id } })],
  });
  onTestFinished(async () => {
    await gateway.close();
    await backend.close();
  });
  return gateway;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

test("a connection beyond the limit is closed, and one that ends makes room", async () => {
  const { server } = await serve();
  const limited = createGatewayServer({ runtime: server.runtime, product: "gw/test", maxConnections: 2 });
  const { port } = await limited.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => limited.close(0));
  const [first] = [await open(port), await open(port)];
  await once(await open(port), "close");
  first?.write("GET /here HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await once(first?.resume() ?? limited, "close");
  expect((await ask(port, "/again")).body).toBe("/again");
});

test("a request of too many headers is refused, whatever stands in those that would be dropped", async () => {
  const { port } = await serve();
  const lines = (count: number): string => Array.from({ length: count }, (_, number) => `X${number}: a\r\n`).join("");
  const request = (count: number): string => `GET /in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines(count)}\r\n`;
  expect(await askRaw(port, request(490))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await askRaw(port, request(500))).toMatch(/^HTTP\/1\.1 431 /);
  expect(await askRaw(port, request(2_500))).toMatch(/^HTTP\/1\.1 431 /);
});

test("a thousand clients that never finish their heads do not keep another from its answer", async () => {
  const { port } = await serve();
  const slow = await Promise.all(Array.from({ length: 1_000 }, () => open(port)));
  for (const socket of slow) socket.write("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  for (let number = 0; number < 20; number += 1) expect((await ask(port, `/${number}`)).body).toBe(`/${number}`);
});
