import { fileURLToPath } from "node:url";
import { setImmediate } from "node:timers/promises";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { Secret } from "../../../src/core/secret.ts";
import { RedisConnection } from "../../../src/redis/connection.ts";
import { readRedisSettings } from "../../../src/redis/settings.ts";
import { describeWithRedis, freePort, type RedisServer, startRedis, startSentinel } from "../../services/redis.ts";
import { startRespServer } from "../../support/resp-server.ts";

const unreachable = { kind: "unreachable" };

describeWithRedis("a connection to Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ host: "127.0.42.1" });
  });
  afterAll(async () => await server.stop());

  it("opens with the first command, names itself, and chooses the database", async () => {
    const connection = connect({ host: server.host, port: server.port, database: 5 });
    const clients = String(await connection.send("CLIENT", ["LIST"]));
    expect(clients.split("\n").filter((line) => /\bname=gw\b.*\bdb=5\b/u.test(line))).toHaveLength(1);
  });

  it("sends what is asked at the same time over one connection", async () => {
    const connection = connect({ host: server.host, port: server.port });
    const numbers = Array.from({ length: 300 }, (_, index) => String(index));
    expect(await Promise.all(numbers.map((number) => connection.send("ECHO", [number])))).toEqual(numbers);
    const clients = String(await connection.send("CLIENT", ["LIST"]));
    expect(clients.match(/\bname=gw\b/gu)).toHaveLength(1);
  });

  it("reads the host, port and credentials through references", async () => {
    const block = { host: "{vault://env/host}", port: "{vault://env/port}", database: 1 };
    const connection = connect(block, { "{vault://env/host}": server.host, "{vault://env/port}": String(server.port) });
    expect(await connection.send("PING", [])).toBe("PONG");
    expect(connection.server).toBe("Redis at {vault://env/host}:{vault://env/port}");
  });

  it("finds every key of a pattern among thousands", async () => {
    const connection = connect({ host: server.host, port: server.port, database: 2 });
    const keys = Array.from({ length: 3_000 }, (_, index) => `found:${index}`);
    await Promise.all(keys.map((key) => connection.send("SET", [key, "1"])));
    await connection.send("SET", ["other", "1"]);
    expect((await connection.keys("found:*")).toSorted()).toEqual(keys.toSorted());
  });

  it("passes on what the server answers, and stays open", async () => {
    const connection = connect({ host: server.host, port: server.port });
    await expect(connection.send("GET", [])).rejects.toMatchObject({
      kind: "reply",
      message: /wrong number of arguments/u,
    });
    expect(await connection.send("PING", [])).toBe("PONG");
  });

  it("refuses after close, in the middle of a command too", async () => {
    const connection = connect({ host: server.host, port: server.port });
    await connection.send("PING", []);
    const waiting = expect(connection.send("BLPOP", ["nothing", "0"])).rejects.toMatchObject(unreachable);
    await connection.close();
    await waiting;
    await connection.close();
    await expect(connection.send("PING", [])).rejects.toMatchObject(unreachable);
  });

  it("leaves no connection behind, whenever it is closed while it opens", async () => {
    const { host, port } = server;
    for (let turns = 0; turns < 40; turns += 1) {
      const connection = connect({ host, port, database: 9 });
      const sent = failureOf(connection.send("PING", []));
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      await connection.close();
      await sent;
    }
    const watcher = connect({ host, port });
    const isGone = async () => expect(String(await watcher.send("CLIENT", ["LIST"]))).not.toMatch(/\bdb=9\b/u);
    await vi.waitFor(isGone, { timeout: 10_000 });
  });

  describe("with users", () => {
    let guarded: RedisServer;
    beforeAll(async () => {
      guarded = await startRedis({ host: "127.0.42.2", flags: ["--requirepass", "right-Password-1"] });
    });
    afterAll(async () => await guarded.stop());

    it("logs in as the default user, or as a named one", async () => {
      const { host, port } = guarded;
      const connection = connect({ host, port, password: "right-Password-1" });
      await connection.send("ACL", ["SETUSER", "gw", "on", ">other-Password-2", "~*", "+@all"]);
      expect(await connection.send("ACL", ["WHOAMI"])).toBe("default");
      const named = connect({ host, port, username: "gw", password: "other-Password-2" });
      expect(await named.send("ACL", ["WHOAMI"])).toBe("gw");
    });

    it("says that the login was refused, without the password", async () => {
      const { host, port } = guarded;
      for (const block of [
        { password: "wrong-Password-3" },
        { username: "nobody", password: "wrong-Password-3" },
        {},
      ]) {
        const failure = await failureOf(connect({ host, port, ...block }).send("PING", []));
        expect(failure).toMatchObject({ kind: "login", message: /^(?:WRONGPASS|NOAUTH)/u });
        expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain("wrong-Password-3");
      }
    });

    it("asks for the password again when it was refused", async () => {
      const { host, port } = guarded;
      const secrets = { "{vault://hcv/redis/password}": "wrong-Password-3" };
      const connection = connect({ host, port, password: "{vault://hcv/redis/password}" }, secrets);
      await expect(connection.send("PING", [])).rejects.toMatchObject({ kind: "login" });
      secrets["{vault://hcv/redis/password}"] = "right-Password-1";
      await vi.waitFor(async () => expect(await connection.send("PING", [])).toBe("PONG"), { timeout: 10_000 });
    });
  });

  it("encrypts, and verifies the certificate unless told not to", async () => {
    const port = await freePort("127.0.42.8");
    const files = [
      "--tls-cert-file",
      tlsFile("cert"),
      "--tls-key-file",
      tlsFile("key"),
      "--tls-ca-cert-file",
      tlsFile("cert"),
    ];
    const flags = ["--tls-port", String(port), ...files, "--tls-auth-clients", "no"];
    const encrypted = await startRedis({ host: "127.0.42.8", flags });
    onTestFinished(async () => await encrypted.stop());
    const block = { host: encrypted.host, port, ssl: true, server_name: "api.openai.test" };
    expect(await connect({ ...block, ssl_verify: false }).send("PING", [])).toBe("PONG");
    const message = /self-signed certificate/u;
    await expect(connect(block).send("PING", [])).rejects.toMatchObject({ ...unreachable, message });
  });

  it("asks the Sentinels for the master", async () => {
    const sentinel = await startSentinel(server, "127.0.42.9");
    onTestFinished(async () => await sentinel.stop());
    const nodes = [
      { host: "127.0.42.9", port: await freePort("127.0.42.9") },
      { host: sentinel.host, port: sentinel.port },
    ];
    const connection = connect({ sentinel_master: "gw-master", sentinel_role: "master", sentinel_nodes: nodes });
    expect(await connection.send("CONFIG", ["GET", "port"])).toEqual(["port", String(server.port)]);
    const unknown = connect({ sentinel_master: "nobody", sentinel_nodes: nodes });
    await expect(unknown.send("PING", [])).rejects.toMatchObject(unreachable);
    await sentinel.stop();
    const alone = connect({ sentinel_master: "gw-master", sentinel_nodes: nodes });
    await expect(alone.send("PING", [])).rejects.toMatchObject({
      ...unreachable,
      message: /All sentinels are unreachable/u,
    });
  });

  it("fails what is under way when the server dies, then at once, and finds it again", async () => {
    const mortal = await startRedis({ host: "127.0.42.3" });
    onTestFinished(async () => await mortal.stop());
    const connection = connect({ host: mortal.host, port: mortal.port });
    await connection.send("PING", []);
    const waiting = [1, 2, 3].map(() => failureOf(connection.send("BLPOP", ["nothing", "0"])));
    await connection.send("PING", []).catch(() => {});
    await mortal.stop();
    for (const failure of await Promise.all(waiting)) expect(failure).toMatchObject(unreachable);
    await expect(connection.send("PING", [])).rejects.toMatchObject({ ...unreachable, message: /ECONNREFUSED/u });
    await mortal.start();
    await vi.waitFor(async () => expect(await connection.send("PING", [])).toBe("PONG"), { timeout: 10_000 });
  });

  it("gives up a server that has stopped answering, and finds it again", async () => {
    const frozen = await startRedis({ host: "127.0.42.4" });
    onTestFinished(async () => await frozen.stop());
    const connection = connect({ host: frozen.host, port: frozen.port, read_timeout: 100, connect_timeout: 100 });
    await connection.send("PING", []);
    frozen.freeze();
    await expect(connection.send("PING", [])).rejects.toMatchObject({ ...unreachable, message: /timed out/u });
    await expect(connection.send("PING", [])).rejects.toMatchObject(unreachable);
    frozen.thaw();
    await vi.waitFor(async () => expect(await connection.send("PING", [])).toBe("PONG"), { timeout: 10_000 });
  });
});

describe("a connection to nothing", () => {
  it("fails at once during the pause after a failure, and tries once when it is over", async () => {
    let now = 0;
    let attempts = 0;
    const clock = { now: () => now, after: () => () => {} };
    const connection = new RedisConnection(
      readRedisSettings({ host: "127.0.42.5", port: await freePort("127.0.42.5") }),
      {
        clock,
        random: () => 0,
        async resolve(text) {
          if (text === "127.0.42.5") attempts += 1;
          return new Secret(text);
        },
      },
    );
    const failures = await Promise.all([1, 2, 3].map(() => failureOf(connection.send("PING", []))));
    expect(failures.map(String)).toEqual(Array(3).fill(expect.stringMatching(/ECONNREFUSED/u)));
    expect(attempts).toBe(1);
    now = 49;
    expect(await failureOf(connection.send("PING", []))).toBe(failures[0]);
    expect(attempts).toBe(1);
    now = 50;
    await failureOf(connection.send("PING", []));
    expect(attempts).toBe(2);
    now = 149;
    await failureOf(connection.send("PING", []));
    expect(attempts).toBe(2);
  });

  it("passes on why a reference did not resolve", async () => {
    const reason = new Error("the vault is sealed");
    const connection = new RedisConnection(readRedisSettings({}), {
      resolve: async () => await Promise.reject(reason),
    });
    await expect(connection.send("PING", [])).rejects.toBe(reason);
  });

  it("closes while it waits for a server that accepts and says nothing", async () => {
    const silent = await startRespServer(() => "", "127.0.42.6");
    onTestFinished(async () => await silent.close());
    const connection = connect({ host: silent.host, port: silent.port });
    const waiting = failureOf(connection.send("PING", []));
    await connection.close();
    expect(await waiting).toMatchObject(unreachable);
  });

  it("gives up a server that accepts and says nothing", async () => {
    const silent = await startRespServer(() => "", "127.0.42.7");
    onTestFinished(async () => await silent.close());
    const connection = connect({ host: silent.host, port: silent.port, connect_timeout: 50, read_timeout: 50 });
    await expect(connection.send("PING", [])).rejects.toMatchObject(unreachable);
  });
});

function tlsFile(what: "cert" | "key"): string {
  return fileURLToPath(new URL(`../../../fixtures/tls/api.openai.test.${what}.pem`, import.meta.url));
}

function connect(block: JsonObject, secrets: Readonly<Record<string, string>> = {}): RedisConnection {
  const connection = new RedisConnection(readRedisSettings(block), {
    resolve: async (text) => new Secret(secrets[text] ?? text),
  });
  onTestFinished(async () => await connection.close());
  return connection;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => "no failure",
    (error: unknown) => error,
  );
}
