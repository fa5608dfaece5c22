import { emptyConfig } from "../../config/kinds.ts";
import type { GatewayConfig } from "../../config/types.ts";
import { StateError, UsageError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { RedisConnection, type RedisReply } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { readRedisSettings, type RedisSettings } from "../../redis/settings.ts";
import { emptySnapshot } from "../snapshot.ts";
import { KEPT_REVISIONS, type Revision, type Snapshot, type StateStore } from "../store.ts";

/** Of what is kept under a serial. A store of a newer format is left untouched. */
const FORMAT = 1;
const POLL_MS = 200;
/** In braces, so that a cluster keeps all keys on one node. */
const PREFIX = "gw:{state}:";
const SERIAL = `${PREFIX}serial`;
const HISTORY = `${PREFIX}history`;

/** Writes only when the serial is the expected one; answers the serial that was found. */
const WRITE = `local found = tonumber(redis.call("GET", KEYS[1]) or "0")
if found ~= tonumber(ARGV[1]) then return found end
redis.call("SET", KEYS[3], ARGV[2])
redis.call("RPUSH", KEYS[2], ARGV[3])
redis.call("DEL", KEYS[4])
redis.call("SET", KEYS[1], found + 1)
return found`;

/** A store that gateways on several machines share. `location` is `redis[s]://[user][:password@]host[:port][/database]`. Throws UsageError. */
export function openRedisStore(location: string): StateStore {
  return new RedisStore(new RedisConnection(settingsOf(location), { resolve: async (text) => new Secret(text) }));
}

class RedisStore implements StateStore {
  readonly #connection: RedisConnection;
  /** The serial that was last read or written here. */
  #known = 0;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async read(): Promise<Snapshot> {
    const serial = await this.#serial();
    if (serial === 0) return emptySnapshot;
    const snapshot = await this.readRevision(serial);
    if (snapshot === undefined)
      throw new StateError(
        "GW_STATE_CORRUPT",
        `The store in ${this.#connection.server} lost what it held at ${serial}.`,
      );
    this.#known = serial;
    return snapshot;
  }

  async readRevision(serial: number): Promise<Snapshot | undefined> {
    const text = await this.#send("GET", [snapshotKey(serial)]);
    return typeof text === "string" ? { ...this.#parse(text), serial } : undefined;
  }

  async history(): Promise<readonly Revision[]> {
    const rows = await this.#send("LRANGE", [HISTORY, 0, -1]);
    if (!Array.isArray(rows)) return [];
    return rows.map((row: RedisReply, index) => ({ ...(JSON.parse(String(row)) as Revision), serial: index + 1 }));
  }

  async write(
    { config, origins, unavailablePlugins }: Omit<Snapshot, "serial">,
    revision: Omit<Revision, "serial">,
    expectedSerial: number,
  ): Promise<number> {
    const serial = expectedSerial + 1;
    const body = JSON.stringify({ format: FORMAT, config, origins, unavailablePlugins });
    const keys = [SERIAL, HISTORY, snapshotKey(serial), snapshotKey(serial - KEPT_REVISIONS)];
    const found = await this.#send("EVAL", [
      WRITE,
      keys.length,
      ...keys,
      expectedSerial,
      body,
      JSON.stringify(revision),
    ]);
    if (found !== expectedSerial) {
      throw new StateError(
        "GW_STATE_CONFLICT",
        `The store changed meanwhile (it is at serial ${String(found)}, not ${expectedSerial}); nothing was written. Run the command again.`,
      );
    }
    this.#known = serial;
    return serial;
  }

  /** A server that is away, or came back empty, is no news: gateways keep serving what they have. */
  watch(onChange: () => void): () => void {
    let seen = this.#known;
    let isLooking = false;
    const look = async (): Promise<void> => {
      if (isLooking) return;
      isLooking = true;
      const serial = await this.#serial().catch(() => 0);
      isLooking = false;
      if (stopped || serial === 0 || serial === seen) return;
      seen = serial;
      onChange();
    };
    let stopped = false;
    const timer = setInterval(() => void look(), POLL_MS);
    timer.unref();
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** 0 before the first write. */
  async #serial(): Promise<number> {
    return Number((await this.#send("GET", [SERIAL])) ?? 0);
  }

  async #send(command: string, args: readonly (string | number)[]): Promise<RedisReply> {
    try {
      return await this.#connection.send(command, args);
    } catch (error) {
      if (!(error instanceof RedisFailure)) throw error;
      throw new StateError(
        "GW_STATE_UNREACHABLE",
        `The store in ${this.#connection.server} cannot be used: ${error.message}. Check --store, and that the server runs.`,
      );
    }
  }

  #parse(text: string): Omit<Snapshot, "serial"> {
    const { format, config, origins, unavailablePlugins } = this.#parseJson(text);
    if (format > FORMAT) {
      const message = `The store in ${this.#connection.server} was written by a newer gw. Use that version; nothing was changed.`;
      throw new StateError("GW_STATE_TOO_NEW", message);
    }
    return { config: { ...emptyConfig, ...config }, origins, unavailablePlugins };
  }

  #parseJson(text: string): Kept {
    try {
      return JSON.parse(text) as Kept;
    } catch {
      throw new StateError("GW_STATE_CORRUPT", `What the store in ${this.#connection.server} holds cannot be read.`);
    }
  }
}

interface Kept extends Omit<Snapshot, "serial"> {
  readonly format: number;
  /** Without the kinds that gw did not know when it was written. */
  readonly config: GatewayConfig;
}

function snapshotKey(serial: number): string {
  return `${PREFIX}snapshot:${serial}`;
}

function settingsOf(location: string): RedisSettings {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  const database = /^\/?(\d{0,4})$/.exec(url?.pathname ?? "-")?.[1];
  if (url === undefined || url.hostname === "" || database === undefined || url.search !== "" || url.hash !== "") {
    throw new UsageError(
      "A store on Redis is written redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS.",
    );
  }
  return readRedisSettings({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 6379 : Number(url.port),
    database: Number(database),
    ssl: url.protocol === "rediss:",
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  });
}
