import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { describe, it } from "vitest";
import { postgresFolder } from "./places.js";
import { freePort } from "./redis.ts";

/** A real PostgreSQL 17 with pgvector, its database `kong-pgvector` empty, the superuser `postgres` without a password. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** Runs a statement as the superuser. */
  run(sql: string, database?: string): Promise<void>;
  /** Kills the server, as a crash would; what was committed stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
}

interface PostgresOptions {
  /** Lines of pg_hba.conf before the one that trusts the superuser. */
  readonly access?: readonly string[];
  /** PEM texts of the server's certificate and key: the server then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** PostgreSQL refuses to run as root. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

const program = (name: string): string => join(postgresFolder, "bin", name);

/** As describeWithRedis does for Redis. */
export function describeWithPostgres(title: string, tests: () => void): void {
  if (existsSync(program("postgres"))) {
    describe(title, tests);
    return;
  }
  const reason = "PostgreSQL 17 is not there. Run: npm run services";
  if (process.env["CI"] === "true") {
    it(title, () => {
      throw new Error(reason);
    });
    return;
  }
  console.warn(`Skipped: ${title}. ${reason}`);
  describe.skip(`${title} (${reason})`, tests);
}

export async function startPostgres({ access = [], tls }: PostgresOptions = {}): Promise<PostgresServer> {
  const host = "127.0.0.1";
  const port = await freePort(host);
  const folder = mkdtempSync(join(tmpdir(), "gw-postgres-"));
  own(folder, 0o700);
  const data = join(folder, "data");
  // The library path of the launcher is relative to its folder; the locale of the machine may not be there.
  const options = {
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    cwd: "/",
  };
  execFileSync(program("initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-N"], { ...options, stdio: "ignore" });
  writeFileSync(join(data, "pg_hba.conf"), [...access, "host all postgres 127.0.0.1/32 trust", ""].join("\n"));
  if (tls !== undefined) {
    for (const [name, text] of Object.entries(tls)) {
      const file = join(folder, name);
      writeFileSync(file, text);
      own(file, 0o600);
    }
  }
  const settings = {
    port: String(port),
    listen_addresses: host,
    unix_socket_directories: "",
    fsync: "off",
    ...(tls === undefined ? {} : { ssl: "on", ssl_cert_file: join(folder, "cert"), ssl_key_file: join(folder, "key") }),
  };
  const args = ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  let server = await launch(args, options);
  const run = async (sql: string, database = "kong-pgvector"): Promise<void> => {
    const client = new Client({ host, port, user: "postgres", database });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await run('CREATE DATABASE "kong-pgvector"', "postgres");
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    // Immediate shutdown: no checkpoint, no waiting for clients.
    server.kill("SIGQUIT");
    await ended;
  };
  return {
    host,
    port,
    run,
    stop,
    async start() {
      server = await launch(args, options);
    },
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function own(path: string, mode: number): void {
  chmodSync(path, mode);
  if (isRoot) chownSync(path, nobody, nobody);
}

/** Resolves when the server accepts connections. It ends with this process, if not before. */
async function launch(args: readonly string[], options: object): Promise<ChildProcess> {
  const server = spawn(program("postgres"), args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  process.once("exit", () => server.kill("SIGQUIT"));
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface(server.stderr as NodeJS.ReadableStream).on("line", (line) => {
      last.push(line);
      if (line.includes("ready to accept connections")) resolve();
    });
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`postgres ended with ${code}:\n${last.slice(-5).join("\n")}`)));
  });
  return server;
}
