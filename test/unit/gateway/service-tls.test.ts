import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { emptyConfig } from "../../../src/config/kinds.ts";
import type { GatewayConfig, Service } from "../../../src/config/types.ts";
import { ConfigError } from "../../../src/core/errors.ts";
import { Secret } from "../../../src/core/secret.ts";
import { toServiceTls } from "../../../src/gateway/service-tls.ts";
import { id, makeRoute, makeService, makeTarget, makeUpstream } from "./entities.ts";
import { ask, startGateway } from "./start-gateway.ts";

const read = (name: string): string => readFileSync(`fixtures/tls/chain/${name}`, "utf8");
const entities = {
  certificates: [{ id: id(1), cert: read("client.pem"), key: read("client.key") }],
  ca_certificates: [{ id: id(2), cert: read("authority.pem") }],
};

/** Serves only who shows a certificate of the authority. */
async function startServer(): Promise<number> {
  const server = createServer(
    {
      cert: read("server.pem"),
      key: read("server.key"),
      requestCert: true,
      rejectUnauthorized: false,
      ca: read("authority.pem"),
    },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      response.end(socket.authorized ? String(socket.getPeerCertificate().subject.CN) : "nobody");
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function answerOf(service: Partial<Service>, more: Partial<GatewayConfig> = {}): Promise<string> {
  const routes = [makeRoute({ paths: ["/"], service: { id: makeService({}).id } })];
  const services = [makeService({ protocol: "https", ...service })];
  const gateway = await startGateway({ services, routes, ...entities, ...more });
  onTestFinished(() => gateway.close());
  const { status, body } = await ask(gateway.port, "/");
  return status === 200 ? body : String(status);
}

test("a service's certificate is checked unless it says otherwise, by its authorities where it names some", async () => {
  const port = await startServer();
  expect(await answerOf({ port })).toBe("502");
  expect(await answerOf({ port, tls_verify: false })).toBe("nobody");
  expect(await answerOf({ port, ca_certificates: [id(2)] })).toBe("nobody");
  expect(await answerOf({ port, ca_certificates: [id(2)], tls_verify_depth: 0 })).toBe("502");
});

test("the certificate of the service is shown, or else that of its upstream", async () => {
  const port = await startServer();
  const trusting = { port, ca_certificates: [id(2)] };
  expect(await answerOf({ ...trusting, client_certificate: { id: id(1) } })).toBe("gw test client");
  const group = {
    upstreams: [makeUpstream({ client_certificate: { id: id(1) } })],
    targets: [makeTarget(1, `127.0.0.1:${port}`)],
  };
  expect(await answerOf({ ...trusting, host: "pool" }, group)).toBe("gw test client");
});

test("a key from a vault is asked for when a connection is made", async () => {
  const certificates = [{ id: id(1), cert: read("client.pem"), key: "{vault://env/key}" }];
  const asked: string[] = [];
  const service = makeService({ client_certificate: { id: id(1) } });
  const tls = toServiceTls(service, undefined, { ...emptyConfig, certificates }, (reference) => {
    asked.push(reference);
    return Promise.resolve(new Secret("the key"));
  });
  expect(asked).toEqual([]);
  const found = await tls?.identity?.();
  expect([found?.cert, found?.key.reveal(), asked]).toEqual([read("client.pem"), "the key", ["{vault://env/key}"]]);
});

test("an authority that is not there keeps the configuration from being served", () => {
  const service = makeService({ ca_certificates: [id(9)] });
  const compile = (): unknown => toServiceTls(service, undefined, emptyConfig, () => Promise.reject(new Error()));
  expect(compile).toThrow(ConfigError);
});
