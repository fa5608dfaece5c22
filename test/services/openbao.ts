import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { describe, it } from "vitest";
import { openBaoExcuse, openBaoProgram } from "./places.js";

export interface OpenBaoOptions {
  /** A loopback address; give each test file its own. */
  readonly host: string;
  /** A free one when absent. */
  readonly port?: number;
  /** Where the server keeps what it writes: made and removed by the caller. */
  readonly folder: string;
}

/** A real OpenBao: HashiCorp Vault's API on a loopback address. */
export interface OpenBao {
  readonly host: string;
  readonly port: number;
  readonly rootToken: string;
  /** A request of the root token; throws when the answer is a failure. */
  request(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Keeps its data in files, so that it can be sealed and survives a restart. */
export interface DurableOpenBao extends OpenBao {
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Stops the process and starts it again: sealed. */
  restart(): Promise<void>;
}

/** Unsealed, in memory, with a KV engine of version 2 at `secret`. */
export async function startOpenBao(options: OpenBaoOptions & { readonly rootToken: string }): Promise<OpenBao> {
  const { host, folder, rootToken } = options;
  const port = options.port ?? (await freePort(host));
  const flags = [`-dev-root-token-id=${rootToken}`, `-dev-listen-address=${host}:${port}`, "-dev-no-store-token"];
  const server = await launch(["server", "-dev", ...flags], folder);
  const request = client(`http://${host}:${port}`, rootToken);
  return { host, port, rootToken, request, stop: async () => await end(server) };
}

/** As startOpenBao, with TLS: `authority` is the file of the authority that signed its certificate. */
export async function startOpenBaoWithTls(
  options: OpenBaoOptions & { readonly rootToken: string },
): Promise<Omit<OpenBao, "request"> & { readonly authority: string }> {
  const { host, folder, rootToken } = options;
  const port = options.port ?? (await freePort(host));
  const flags = [`-dev-root-token-id=${rootToken}`, `-dev-listen-address=${host}:${port}`, "-dev-no-store-token"];
  const server = await launch(["server", "-dev-tls", `-dev-tls-cert-dir=${folder}`, ...flags], folder);
  return { host, port, rootToken, authority: join(folder, "vault-ca.pem"), stop: async () => await end(server) };
}

/** Initialised with one unseal key, unsealed, with a KV engine of version 2 at `secret`. */
export async function startDurableOpenBao(options: OpenBaoOptions): Promise<DurableOpenBao> {
  const { host, folder } = options;
  const port = options.port ?? (await freePort(host));
  const origin = `http://${host}:${port}`;
  const flags = ["server", `-config=${await writeConfig(folder, host, port)}`];
  let server = await launch(flags, folder);
  const shares = await client(origin, "")("PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 });
  const [key] = shares["keys"] as string[];
  const rootToken = String(shares["root_token"]);
  const request = client(origin, rootToken);
  const unseal = async (): Promise<void> => {
    await request("PUT", "sys/unseal", { key });
    await untilActive(origin);
  };
  await unseal();
  await request("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } });
  await untilUpgraded(request);
  return {
    host,
    port,
    rootToken,
    request,
    unseal,
    seal: async () => void (await request("PUT", "sys/seal")),
    async restart() {
      await end(server);
      server = await launch(flags, folder);
    },
    stop: async () => await end(server),
  };
}

export async function writeSecret(bao: OpenBao, path: string, values: Record<string, unknown>): Promise<void> {
  await bao.request("POST", `secret/data/${path}`, { data: values });
}

/** A token whose only policy allows to read `path`, a full one: `secret/data/openai`; `settings` are Vault's, such as `renewable`. */
export async function createToken(bao: OpenBao, path: string, ttl: string, settings: object = {}): Promise<string> {
  const policies = [await allowRead(bao, path)];
  const { auth } = await bao.request("POST", "auth/token/create", { policies, ttl, ...settings });
  return (auth as { client_token: string }).client_token;
}

/** The credentials of a new AppRole whose tokens may read `path`; `settings` are Vault's, such as `token_num_uses`. */
export async function createAppRole(
  bao: OpenBao,
  path: string,
  settings: object = {},
): Promise<{ readonly roleId: string; readonly secretId: string }> {
  const policy = await allowRead(bao, path);
  const { data: engines } = await bao.request("GET", "sys/auth");
  if (!Object.hasOwn(engines as object, "approle/")) await bao.request("POST", "sys/auth/approle", { type: "approle" });
  const role = `auth/approle/role/${policy}`;
  await bao.request("POST", role, { token_policies: [policy], ...settings });
  const { data: id } = await bao.request("GET", `${role}/role-id`);
  const { data: secret } = await bao.request("POST", `${role}/secret-id`);
  return { roleId: (id as { role_id: string }).role_id, secretId: (secret as { secret_id: string }).secret_id };
}

/**
 * `describe` where OpenBao is there (`npm run services`); elsewhere its tests are skipped and the title says why. With CI=true it has
 * to be there, unless no Python index answered when it was to be installed.
 */
export function describeWithOpenBao(title: string, tests: () => void): void {
  if (existsSync(openBaoProgram)) {
    describe(title, tests);
    return;
  }
  const reason = existsSync(openBaoExcuse) ? readFileSync(openBaoExcuse, "utf8").trim() : "Run: npm run services";
  if (process.env["CI"] !== "true" || existsSync(openBaoExcuse)) {
    console.warn(`Skipped, OpenBao is not there: ${title}. ${reason}`);
    describe.skip(`${title} (OpenBao is not there: ${reason})`, tests);
    return;
  }
  it(title, () => {
    throw new Error(`OpenBao is not there. ${reason}`);
  });
}

/** Makes a policy that allows to read `path`, and answers its name. */
export async function allowRead(bao: OpenBao, path: string): Promise<string> {
  const name = `read-${path.replaceAll("/", "-").replace("*", "all")}`;
  await bao.request("PUT", `sys/policies/acl/${name}`, { policy: `path "${path}" { capabilities = ["read"] }` });
  return name;
}

function client(origin: string, token: string): OpenBao["request"] {
  return async (method, path, body) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${origin}/v1/${path}`, { method, headers: { "X-Vault-Token": token }, ...content });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`OpenBao answered ${method} ${path} with ${answer.status}: ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
}

async function writeConfig(folder: string, host: string, port: number): Promise<string> {
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const cluster = `${host}:${await freePort(host)}`;
  const config = {
    storage: { raft: { path: data, node_id: "only", performance_multiplier: "1" } },
    listener: { tcp: { address: `${host}:${port}`, cluster_address: cluster, tls_disable: true } },
    api_addr: `http://${host}:${port}`,
    cluster_addr: `https://${cluster}`,
  };
  const file = join(folder, "server.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Resolves when the server says that it has started. */
async function launch(args: readonly string[], home: string): Promise<ChildProcess> {
  const server = spawn(openBaoProgram, args, { env: { HOME: home }, stdio: ["ignore", "pipe", "pipe"] });
  endWithThisProcess(server);
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const output of [server.stdout, server.stderr]) {
      createInterface(output).on("line", (line) => {
        last.splice(0, last.length - 9);
        last.push(line);
        if (line.includes("server started!")) resolve();
      });
    }
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`OpenBao ended with ${code}:\n${last.join("\n")}`)));
  });
  return server;
}

/** For tests that fail before they can stop their server. */
function endWithThisProcess(server: ChildProcess): void {
  const onExit = (): void => void server.kill("SIGKILL");
  process.once("exit", onExit);
  server.once("exit", () => process.off("exit", onExit));
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGKILL");
  await ended;
}

/** An unsealed node elects itself before it answers. */
async function untilActive(origin: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${origin}/v1/sys/health`);
    if (status === 200) return;
    await setTimeout(20);
  }
}

/** A new engine of version 2 refuses everything for a moment. */
async function untilUpgraded(request: OpenBao["request"]): Promise<void> {
  for (;;) {
    const isUsable = await request("GET", "secret/config").then(
      () => true,
      () => false,
    );
    if (isUsable) return;
    await setTimeout(20);
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error(`No port on ${host}.`);
  return address.port;
}
