import { writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";

import { createSecretLookup } from "../../src/secrets/secret-lookup.ts";
import { hcvVault } from "../../src/secrets/vaults/hcv.ts";
import {
  createAppRole,
  type DurableOpenBao,
  describeWithOpenBao,
  startDurableOpenBao,
  writeSecret,
} from "../services/openbao.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { startFakeUpstream } from "../support/fake-upstream.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

const POLL = { timeout: 30_000, interval: 200 };
const host = "127.61.9.1";

describeWithOpenBao("a thousand references", () => {
  it("with a ttl of ten minutes cost a Vault some 7,500 requests an hour, logins and renewals included", async () => {
    const bao = await startDurableOpenBao({ host, folder: tempDir() });
    onTestFinished(async () => await bao.stop());
    const names = Array.from({ length: 1_000 }, (_, index) => `many/secret-${index}`);
    for (const name of names) await writeSecret(bao, name, { key: `sk-${name}` });
    const { roleId, secretId } = await createAppRole(bao, "secret/data/many/*", { token_ttl: "20m" });
    const wire = await startWire(bao);
    onTestFinished(() => wire.close());
    const login = { auth_method: "approle", approle_role_id: roleId, approle_secret_id: secretId };
    const config = { host, port: wire.port, kv: "v2", ttl: 600, ...login };
    const clock = createFakeClock();
    const services = { environment: {}, clock, random: Math.random, notify: () => {} };
    const lookup = createSecretLookup([{ prefix: "v", name: "hcv", config }], new Map([["hcv", hcvVault]]), services);
    onTestFinished(async () => await lookup.close());

    const references = names.map((name) => `{vault://v/${name}/key}`);
    await lookup.want(references);
    for (let step = 0; step < 360; step++) {
      clock.advance(10_000);
      do await setImmediate();
      while (wire.busy > 0);
    }
    expect(lookup.status().filter(({ state }) => state !== "fresh")).toEqual([]);
    expect(references.filter((text) => lookup.peek(text) === undefined)).toEqual([]);
    console.info(`1,000 references, ttl 600 s: ${wire.connections} requests in an hour`);
    // The refresh comes when 80 to 90 % of the ttl have passed.
    expect(wire.connections).toBeGreaterThan(1_000 + 6_000);
    expect(wire.connections).toBeLessThan(1_000 + 7_600);
  });
});

describeWithOpenBao("a gateway whose Vault is away", () => {
  it("serves on while it is sealed, and has the new key when it is unsealed", async () => {
    const { gw, bao, chat, secret } = await start({ ttl: 2 });
    await bao.seal();
    await expect.poll(secret, POLL).toMatchObject({ state: "stale", last_error: { code: "GW_SECRET_UNREACHABLE" } });
    expect(await chat()).toBe(200);
    await gw.logLine((line) => line["code"] === "secret-stale" && JSON.stringify(line).includes("is sealed"));
    await bao.unseal();
    await writeSecret(bao, "openai", { key: "sk-2" });
    await expect.poll(secret, POLL).toMatchObject({ state: "fresh", version: 2 });
    expect(await chat()).toBe(200);
  });

  it("serves on over a restart of it", async () => {
    const { bao, chat, secret } = await start({ ttl: 2 });
    await bao.restart();
    await expect.poll(secret, POLL).toMatchObject({ state: "stale" });
    expect(await chat()).toBe(200);
    await bao.unseal();
    await expect.poll(secret, POLL).toMatchObject({ state: "fresh", last_error: null });
  });

  it("serves on over a cut that is longer than ttl, but not longer than resurrect_ttl", async () => {
    const { wire, chat, secret } = await start({ ttl: 2, resurrect_ttl: 6 });
    wire.cut();
    await expect.poll(secret, POLL).toMatchObject({ state: "stale" });
    expect(await chat()).toBe(200);
    await expect.poll(secret, POLL).toMatchObject({ state: "lost" });
    expect(await chat()).toBe(503);
    wire.mend();
    await expect.poll(chat, POLL).toBe(200);
    expect(await secret()).toMatchObject({ state: "fresh" });
  });
});

async function start(vault: object) {
  const bao = await startDurableOpenBao({ host, folder: tempDir() });
  onTestFinished(async () => await bao.stop());
  await writeSecret(bao, "openai", { key: "sk-1" });
  const wire = await startWire(bao);
  onTestFinished(() => wire.close());
  const upstream = await startFakeUpstream({ reply: (request) => request.answer(200, {}, "{}") });
  onTestFinished(async () => await upstream.close());
  const cwd = tempDir();
  const config = { host, port: wire.port, token: bao.rootToken, kv: "v2", ...vault };
  writeFileSync(join(cwd, "kong.yaml"), configuration(upstream.origin, config));
  const gw = await serveGw(["kong.yaml"], { cwd });
  onTestFinished(async () => void (await gw.stop()));
  return { gw, bao, wire, chat: async () => await chat(gw), secret: async () => await secretOf(gw) };
}

function configuration(origin: string, vault: object): string {
  const target = {
    route_type: "llm/v1/chat",
    auth: { header_name: "Authorization", header_value: "{vault://hashicorp-vault/openai/key}" },
    model: { provider: "openai", name: "gpt-4o", options: { upstream_url: `${origin}/v1/chat/completions` } },
  };
  return JSON.stringify({
    _format_version: "3.0",
    vaults: [{ name: "hcv", prefix: "hashicorp-vault", config: vault }],
    services: [{ name: "llm", url: "http://127.0.0.1:9", routes: [{ name: "chat", paths: ["/chat"] }] }],
    plugins: [{ name: "ai-proxy-advanced", config: { targets: [target], balancer: { algorithm: "round-robin" } } }],
  });
}

async function chat(gw: ServedGw): Promise<number> {
  const body = '{"messages":[{"role":"user","content":"Hello"}]}';
  const response = await fetch(`${gw.origin}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  await response.text();
  return response.status;
}

async function secretOf(gw: ServedGw): Promise<unknown> {
  const status = (await (await fetch(`${gw.admin}/status`)).json()) as { secrets: readonly unknown[] };
  return status.secrets[0];
}

interface Wire {
  readonly port: number;
  /** Since the start: one a request, since gw keeps none. */
  readonly connections: number;
  /** Connections that are open. */
  readonly busy: number;
  /** Connections hang from now on: nothing comes through, and nobody is told. */
  cut(): void;
  mend(): void;
  close(): void;
}

/** The network between gw and Vault. */
async function startWire(bao: DurableOpenBao): Promise<Wire> {
  let isCut = false;
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    if (isCut) return;
    const target = connect(bao.port, bao.host);
    target.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    target.pipe(socket).pipe(target);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get connections() {
      return connections;
    },
    get busy() {
      return sockets.size;
    },
    cut() {
      isCut = true;
    },
    mend() {
      isCut = false;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
