import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { UpstreamError } from "../../../src/core/errors.ts";
import type { UpstreamTls } from "../../../src/core/http-message.ts";
import { Secret } from "../../../src/core/secret.ts";
import { createUpstream } from "../../../src/upstream/create-upstream.ts";

const read = (name: string): string => readFileSync(`fixtures/tls/chain/${name}`, "utf8");
const authority = read("authority.pem");
const usual: UpstreamTls = { id: "a", verify: true, ca: [authority], identity: undefined, maxDepth: undefined };
const identity = (): Promise<{ cert: string; key: Secret }> =>
  Promise.resolve({ cert: read("client.pem"), key: new Secret(read("client.key")) });

/** Says who its client is. */
async function startServer(settings: object = {}): Promise<string> {
  const server: Server = createServer(
    { cert: read("server.pem"), key: read("server.key"), ...settings },
    (request, response) =>
      void response.end((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? "nobody"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Who the server says the client is, or the code of the error. */
async function ask(origin: string, ...all: readonly (UpstreamTls | undefined)[]): Promise<readonly string[]> {
  const upstream = createUpstream();
  onTestFinished(() => upstream.close());
  const answers: string[] = [];
  for (const tls of all) {
    const request = {
      method: "GET",
      origin,
      path: "/",
      headers: [],
      body: null,
      ...(tls === undefined ? {} : { tls }),
    };
    const options = { signal: AbortSignal.timeout(5_000), maxBytes: 1_000 };
    answers.push(await upstream.collect(request, options).then(({ body }) => body.toString(), codeOf));
  }
  return answers;
}

function codeOf(error: unknown): string {
  return error instanceof UpstreamError ? error.code : String(error);
}

test("a server is checked by the authorities given, and only where that is asked for", async () => {
  const origin = await startServer();
  const untrusting = { ...usual, id: "b", ca: undefined };
  expect(await ask(origin, undefined, usual, untrusting, { ...untrusting, id: "c", verify: false })).toEqual([
    "GW_UPSTREAM_TLS",
    "nobody",
    "GW_UPSTREAM_TLS",
    "nobody",
  ]);
});

test("the client's certificate is shown to a server that asks for it", async () => {
  const origin = await startServer({ requestCert: true, rejectUnauthorized: true, ca: [authority] });
  const [without, withIt] = await ask(origin, usual, { ...usual, id: "with", identity });
  expect(without).toMatch(/^GW_UPSTREAM_/);
  expect(withIt).toBe("gw test client");
});

test("settings of equal ids share connections", async () => {
  let asked = 0;
  const counting = { ...usual, id: "counted", identity: () => ((asked += 1), identity()) };
  await ask(await startServer(), ...Array.from({ length: 10 }, () => ({ ...counting })));
  expect(asked).toBeLessThan(5);
});

test("a certificate that cannot be had is no connection", async () => {
  const lost = { ...usual, id: "lost", identity: () => Promise.reject(new Error("sk-planted-secret")) };
  expect(await ask(await startServer(), lost)).toEqual(["GW_UPSTREAM_CONNECT"]);
});

test("tls_verify_depth counts the certificates between the server's and the authority", async () => {
  const origin = await startServer();
  const withDepth = (maxDepth: number): UpstreamTls => ({ ...usual, id: `depth ${maxDepth}`, maxDepth });
  expect(await ask(origin, withDepth(0), withDepth(1))).toEqual(["GW_UPSTREAM_TLS", "nobody"]);
});
