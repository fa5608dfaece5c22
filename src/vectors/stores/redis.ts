import { untilAborted } from "../../core/abort.ts";
import { VectorError } from "../../core/errors.ts";
import { RedisConnection } from "../../redis/connection.ts";
import { isConnectionError, RedisFailure } from "../../redis/failure.ts";
import { readServerVersion } from "../../redis/server-version.ts";
import { readRedisSettings } from "../../redis/settings.ts";
import { checkItems, checkQuery } from "../check-vectors.ts";
import type { IndexSpec, VectorMatch, VectorStore, VectorStoreDefinition } from "../store.ts";
import type { RedisBackend } from "./redis-backend.ts";
import { keysOf } from "./redis-keys.ts";
import { createSearchBackend } from "./redis-search.ts";
import { createVectorSetBackend } from "./redis-vectorset.ts";

/**
 * A Redis, single or behind Sentinel or as a cluster: through RediSearch where it is there, else through vector sets. Which of them
 * is asked at first use. Throws GW_CONFIG_INVALID for a `redis` block that this version cannot use.
 */
export const redisVectorStore: VectorStoreDefinition = {
  name: "redis",
  create: async (settings) => {
    const connection = new RedisConnection(readRedisSettings(settings.connection), {
      resolve: (text, options) => settings.resolve(text, options),
    });
    return new RedisVectorStore(connection);
  },
};

class RedisVectorStore implements VectorStore {
  readonly #connection: RedisConnection;
  #backend: RedisBackend | undefined;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  get name(): string {
    return this.#backend?.name ?? "redis";
  }

  async replace(...[spec, items, { signal }]: Parameters<VectorStore["replace"]>): Promise<void> {
    checkItems(spec, items);
    await this.#use(signal, (backend) => backend.replace(spec, items, signal));
  }

  async search(
    ...[spec, vector, limit, { signal }]: Parameters<VectorStore["search"]>
  ): Promise<readonly VectorMatch[]> {
    checkQuery(spec, vector);
    if (limit < 1) return [];
    return await this.#use(signal, async (backend) => {
      const matches = await backend.search(spec, vector, limit);
      if (matches.length < limit) await this.#checkCount(spec, matches.length);
      return matches;
    });
  }

  async removeOrphans(...[spec, { signal }]: Parameters<VectorStore["removeOrphans"]>): Promise<void> {
    await this.#use(signal, (backend) => backend.removeOrphans(spec, signal));
  }

  async server({ signal }: { readonly signal: AbortSignal }): Promise<string> {
    return await this.#use(signal, async () => await readServerVersion(this.#connection));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Few matches are all there is, or what a server has left that was restarted or evicts keys: `replace` noted how many it wrote. */
  async #checkCount(spec: IndexSpec, found: number): Promise<void> {
    const written = await this.#connection.send("GET", [keysOf(spec).count]);
    if (written !== null && found >= Number(written)) return;
    const loss = written === null ? "has no index" : `holds ${found} of the ${Number(written)} vectors of the index`;
    throw new VectorError(
      "GW_VECTOR_MISMATCH",
      `${capitalise(this.#connection.server)} ${loss}. It has to be filled again.`,
    );
  }

  async #use<T>(signal: AbortSignal, work: (backend: RedisBackend) => Promise<T>): Promise<T> {
    return await untilAborted(signal, async () => {
      try {
        this.#backend ??= await detectBackend(this.#connection);
        return await work(this.#backend);
      } catch (error) {
        const translated = translate(error, this.#connection.server);
        // The server may have been replaced by another: the next call looks again.
        if (translated instanceof VectorError && translated.code === "GW_VECTOR_UNSUPPORTED") this.#backend = undefined;
        throw translated;
      }
    });
  }
}

async function detectBackend(connection: RedisConnection): Promise<RedisBackend> {
  if (await knows(connection, "FT.SEARCH")) return createSearchBackend(connection);
  if (await knows(connection, "VADD")) return createVectorSetBackend(connection);
  throw unsupported(connection.server, "has neither RediSearch nor vector sets");
}

async function knows(connection: RedisConnection, command: string): Promise<boolean> {
  const reply = await connection.send("COMMAND", ["INFO", command]);
  return Array.isArray(reply) && reply.length === 1 && reply[0] !== null;
}

function translate(error: unknown, server: string): unknown {
  if (!(error instanceof RedisFailure)) return error;
  const { message } = error;
  if (error.kind === "login") {
    const advice = "Check username and password in vectordb.redis.";
    return new VectorError("GW_VECTOR_UNREACHABLE", `${capitalise(server)} refused the login: ${message}. ${advice}`);
  }
  if (isConnectionError(error)) {
    const advice = "Check vectordb.redis, and that the server runs.";
    return new VectorError("GW_VECTOR_UNREACHABLE", `${capitalise(server)} cannot be used: ${message}. ${advice}`);
  }
  if (UNKNOWN_COMMAND.test(message)) return unsupported(server, "no longer knows the commands for vectors");
  if (NOT_PERMITTED.test(message)) {
    const advice = "Grant the user of vectordb.redis this command on the keys gw:*.";
    return new VectorError("GW_VECTOR_UNSUPPORTED", `${capitalise(server)} refused a command: ${message}. ${advice}`);
  }
  const code = NOT_OUR_INDEX.test(message) ? "GW_VECTOR_MISMATCH" : "GW_VECTOR_UNREACHABLE";
  return new VectorError(code, `${capitalise(server)} answered: ${message}`);
}

const UNKNOWN_COMMAND = /unknown command/iu;
const NOT_PERMITTED = /^NOPERM/u;
/** An index that is missing, or is not the one that its name promises. */
const NOT_OUR_INDEX = /no such index|unknown index|dimension mismatch|WRONGTYPE|blob size/iu;

function unsupported(server: string, problem: string): VectorError {
  const advice = "Use Redis 8 or Redis Stack, or vectordb.strategy: memory.";
  return new VectorError("GW_VECTOR_UNSUPPORTED", `${capitalise(server)} ${problem}. ${advice}`);
}

function capitalise(server: string): string {
  return server.charAt(0).toUpperCase() + server.slice(1);
}
