import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "vitest";
import { plainRedisFolder, redisFolder } from "./places.js";

/** A real Redis on a loopback address that keeps nothing on disk. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  /** Kills the process, as a crash would; the data is gone. */
  stop(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Freezes the process: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
}

interface RedisServerOptions {
  /** A loopback address; 127.0.0.1 when absent. */
  readonly host?: string;
  /** A free one when absent. */
  readonly port?: number;
  /** More of redis-server's own options: `["--requirepass", "x"]`. */
  readonly flags?: readonly string[];
}

const vectorProgram = join(redisFolder, "bin", "redis-server");

/** Redis 8, with vector sets. Resolves when it answers PING. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  return await startServer(vectorProgram, options);
}

/** A real Redis that knows neither FT.SEARCH nor VADD. */
export async function startRedisWithoutVectors(options: RedisServerOptions = {}): Promise<RedisServer> {
  return await startServer(findPlainProgram() ?? "redis-server", options);
}

/** A Sentinel that watches `master` under the name `gw-master`. */
export async function startSentinel(master: RedisServer, host: string): Promise<RedisServer> {
  const configuration = `sentinel monitor gw-master ${master.host} ${master.port} 1\n`;
  return await startServer(vectorProgram, { host, flags: ["--sentinel"] }, configuration);
}

/**
 * `describe` where Redis 8 is there (`npm run services`); elsewhere its tests are skipped and the title says why. With CI=true it has
 * to be there.
 */
export function describeWithRedis(title: string, tests: () => void): void {
  if (existsSync(vectorProgram)) {
    describe(title, tests);
    return;
  }
  const reason = "Redis 8 is not there. Run: npm run services";
  if (process.env["CI"] !== "true") {
    skip(title, reason, tests);
    return;
  }
  it(title, () => {
    throw new Error(reason);
  });
}

/** `describe` where a Redis older than 8 is unpacked or installed: vector sets cannot be taken out of a newer one. */
export function describeWithPlainRedis(title: string, tests: () => void): void {
  if (findPlainProgram() !== undefined) describe(title, tests);
  else skip(title, "no Redis older than 8 is there, in .cache/redis7 or installed", tests);
}

function skip(title: string, reason: string, tests: () => void): void {
  console.warn(`Skipped: ${title}. ${reason}`);
  describe.skip(`${title} (${reason})`, tests);
}

function findPlainProgram(): string | undefined {
  return [join(plainRedisFolder, "bin", "redis-server"), "redis-server"].find(isPlain);
}

function isPlain(program: string): boolean {
  try {
    const version = execFileSync(program, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return /\bv=[67]\./u.test(version);
  } catch {
    return false;
  }
}

async function startServer(program: string, options: RedisServerOptions, configuration = ""): Promise<RedisServer> {
  const host = options.host ?? "127.0.0.1";
  const port = options.port ?? (await freePort(host));
  const flags = ["--bind", host, "--port", String(port), "--save", "", ...(options.flags ?? [])];
  let running = await launch(program, flags, configuration);
  await waitForPing(host, port);
  return {
    host,
    port,
    freeze: () => void running.server.kill("SIGSTOP"),
    thaw: () => void running.server.kill("SIGCONT"),
    stop: async () => await running.end(),
    async start() {
      running = await launch(program, flags, configuration);
      await waitForPing(host, port);
    },
  };
}

interface Launched {
  readonly server: ChildProcess;
  end(): Promise<void>;
}

/** Resolves when the server says that it accepts connections. It ends with this process, if not before. */
async function launch(program: string, flags: readonly string[], configuration: string): Promise<Launched> {
  const folder = mkdtempSync(join(tmpdir(), "gw-redis-"));
  const file = join(folder, "redis.conf");
  writeFileSync(file, configuration);
  const server = spawn(program, [file, ...flags, "--dir", folder], { stdio: ["ignore", "pipe", "pipe"] });
  const clean = (): void => {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", clean);
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface(server.stdout).on("line", (line) => {
      last.splice(0, last.length - 4);
      last.push(line);
      if (/Ready to accept connections|\+monitor master/u.test(line)) resolve();
    });
    createInterface(server.stderr).on("line", (line) => last.push(line));
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`redis-server ended with ${code}:\n${last.join("\n")}`)));
  });
  return {
    server,
    async end() {
      process.off("exit", clean);
      const isRunning = server.exitCode === null && server.signalCode === null;
      const ended = isRunning ? once(server, "exit") : undefined;
      clean();
      await ended;
    },
  };
}

/** An answer of any kind: a server with a password refuses PING, and is up. */
async function waitForPing(host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  socket.write("PING\r\n");
  await once(socket, "data");
  socket.destroy();
}

export async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error(`No port on ${host}.`);
  return address.port;
}
