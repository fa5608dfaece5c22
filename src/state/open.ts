import { resolve } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { StateStore } from "./store.ts";

/** The store that `--store` or GW_STORE names: a path, relative to `cwd`, is a SQLite file, `redis://` a shared store. Opens nothing yet. Throws UsageError. */
export async function openStore(location: string, cwd: string): Promise<StateStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === "redis" || scheme === "rediss") {
    const { openRedisStore } = await import("./stores/redis.ts");
    return openRedisStore(location);
  }
  if (scheme !== undefined) {
    throw new UsageError(
      `Unknown kind of store "${scheme}://". Give --store the path of a SQLite file, or redis://HOST:PORT.`,
    );
  }
  if (location === "")
    throw new UsageError("The store has an empty name. Give --store (or GW_STORE) the path of a SQLite file.");
  const { openSqliteStore } = await import("./stores/sqlite.ts");
  return openSqliteStore(resolve(cwd, location));
}
