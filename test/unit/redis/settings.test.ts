import { describe, expect, it } from "vitest";
import { describeServer, readRedisSettings } from "../../../src/redis/settings.ts";

describe("readRedisSettings", () => {
  it("fills in Kong's defaults", () => {
    expect(readRedisSettings({})).toEqual({
      address: { host: "127.0.0.1", port: "6379" },
      login: undefined,
      database: 0,
      connectTimeoutMs: 2_000,
      readTimeoutMs: 2_000,
      tls: undefined,
      sentinel: undefined,
      cluster: undefined,
      isProxied: false,
    });
  });

  it("reads what is given and keeps references as they are", () => {
    const block = {
      host: "{vault://env/redis-host}",
      port: "{vault://env/redis-port}",
      username: "gw",
      password: "{vault://env/redis-password}",
      database: 4,
      connect_timeout: 100,
      read_timeout: 200,
      ssl: true,
      server_name: "redis.internal",
      connection_is_proxied: true,
    };
    expect(readRedisSettings(block)).toMatchObject({
      address: { host: block.host, port: block.port },
      login: { username: "gw", password: block.password },
      database: 4,
      connectTimeoutMs: 100,
      readTimeoutMs: 200,
      tls: { isVerified: true, serverName: "redis.internal" },
      isProxied: true,
    });
  });

  it("verifies certificates unless told not to", () => {
    expect(readRedisSettings({ ssl: true, ssl_verify: false }).tls).toEqual({
      isVerified: false,
      serverName: undefined,
    });
    expect(readRedisSettings({ ssl: false, ssl_verify: true }).tls).toBeUndefined();
  });

  it("sends no login without a password, and takes 0 for Kong's default timeout", () => {
    const settings = readRedisSettings({ username: "gw", password: null, read_timeout: 0 });
    expect([settings.login, settings.readTimeoutMs]).toEqual([undefined, 2_000]);
  });

  it.each([
    [{ cloud_authentication: { auth_provider: "aws" } }, /cloud_authentication is not in this version of gw/u],
    [{ sentinel_master: "m", sentinel_nodes: [{}], sentinel_role: "slave" }, /replicas refuse it/u],
    [{ sentinel_master: "m" }, /needs sentinel_nodes/u],
    [{ sentinel_master: "m", sentinel_nodes: [{}], cluster_nodes: [{}] }, /exclude each other/u],
    [{ cluster_nodes: [{}], database: 1 }, /database must be 0/u],
  ])("refuses %j", (block, message) => {
    expect(() => readRedisSettings(block)).toThrow(message);
    expect(() => readRedisSettings(block)).toThrow(expect.objectContaining({ code: "GW_CONFIG_INVALID" }));
  });

  it("takes a cloud_authentication without a provider for none", () => {
    expect(readRedisSettings({ cloud_authentication: { auth_provider: null } }).login).toBeUndefined();
  });
});

describe("describeServer", () => {
  it.each([
    [{ host: "redis", port: 6380 }, "Redis at redis:6380"],
    [
      { cluster_nodes: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2", port: 7000 }] },
      "the Redis cluster at 10.0.0.1:6379, 10.0.0.2:7000",
    ],
    [
      { sentinel_master: "m", sentinel_nodes: [{ host: "s1", port: 26379 }] },
      'the Redis master "m" (Sentinels at s1:26379)',
    ],
  ])("names %j", (block, name) => {
    expect(describeServer(readRedisSettings(block))).toBe(name);
  });
});
