import { Redis } from "ioredis";
import { freePort, type RedisServer, startRedis } from "../services/redis.ts";

interface RedisCluster {
  readonly nodes: readonly { readonly ip: string; readonly port: number }[];
  stop(): Promise<void>;
}

/** Two masters that share the slots half and half; resolves when both see the cluster whole. */
export async function startRedisCluster(host: string): Promise<RedisCluster> {
  const [firstBus, secondBus] = [await freePort(host), await freePort(host)];
  const servers = await Promise.all([firstBus, secondBus].map((bus) => startNode(host, bus)));
  const clients = servers.map(({ host, port }) => new Redis({ host, port }));
  const [first, second] = clients as [Redis, Redis];
  await first.call("CLUSTER", "ADDSLOTSRANGE", 0, 8_191);
  await second.call("CLUSTER", "ADDSLOTSRANGE", 8_192, 16_383);
  await first.call("CLUSTER", "MEET", host, servers[1]!.port, secondBus);
  for (const client of clients) while (!(await isWhole(client)));
  for (const client of clients) client.disconnect();
  return { nodes: servers.map(({ host, port }) => ({ ip: host, port })), stop: async () => await stopAll(servers) };
}

async function startNode(host: string, bus: number): Promise<RedisServer> {
  // Without its address announced, a node whose bus has a port of its own is not found by the other.
  const place = ["--cluster-port", String(bus), "--cluster-announce-ip", host];
  const flags = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", ...place];
  return await startRedis({ host, flags });
}

async function isWhole(client: Redis): Promise<boolean> {
  const info = String(await client.call("CLUSTER", "INFO"));
  return info.includes("cluster_state:ok") && info.includes("cluster_size:2");
}

async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
