import type { RedisConnection } from "./connection.ts";

/** `Redis 8.2.1` or `Valkey 8.0.1`, as the server calls itself; `Redis` when it does not say. Throws RedisFailure when there is no answer. */
export async function readServerVersion(connection: RedisConnection): Promise<string> {
  const info = await connection.send("INFO", ["server"]).catch(async () => {
    // A user of an access control list, or a proxy, may refuse INFO: then PING tells whether anybody is there.
    await connection.send("PING", []);
    return "";
  });
  const fields = String(info);
  const version = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, "mu").exec(fields)?.[1];
  const valkey = version("valkey_version");
  if (valkey !== undefined) return `Valkey ${valkey}`;
  return `Redis ${version("redis_version") ?? ""}`.trimEnd();
}
