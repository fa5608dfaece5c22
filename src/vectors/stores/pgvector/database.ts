import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { DatabaseError, Pool } from "pg";
import type { VectorStoreSettings } from "../../store.ts";
import type { PgvectorSettings, TlsSettings } from "./settings.ts";

type Row = Readonly<Record<string, unknown>>;

/** Runs statements on one connection; `values` that are Buffers go in binary form. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A request holds a connection for a millisecond, a load for less than a second. */
const MAX_CONNECTIONS = 4;

/** Connections to one PostgreSQL, opened when they are needed. Credentials are resolved anew for each. */
export class Database {
  readonly #settings: PgvectorSettings;
  readonly #resolve: VectorStoreSettings["resolve"];
  readonly #closing = new AbortController();
  #pool: Promise<Pool> | undefined;

  constructor(settings: PgvectorSettings, resolve: VectorStoreSettings["resolve"]) {
    this.#settings = settings;
    this.#resolve = resolve;
  }

  async query(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const pool = await this.#open();
    return await this.#renewing(async () => (await pool.query<Row>(text, [...values])).rows);
  }

  /** All of `work` or nothing of it. */
  async transaction(work: (run: Run) => Promise<void>): Promise<void> {
    const pool = await this.#open();
    const client = await this.#renewing(async () => await pool.connect());
    const run: Run = async (text, values = []) => (await client.query<Row>(text, [...values])).rows;
    try {
      await run("BEGIN");
      await work(run);
      await run("COMMIT");
      client.release();
    } catch (error) {
      // A connection in the middle of something is of no more use; closing it rolls back.
      client.release(true);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("the connection pool was closed"));
    const pool = await this.#pool?.catch(() => undefined);
    this.#pool = undefined;
    await pool?.end();
  }

  async #open(): Promise<Pool> {
    this.#closing.signal.throwIfAborted();
    this.#pool ??= this.#create();
    return await this.#pool.catch((error: unknown) => {
      this.#pool = undefined;
      throw error;
    });
  }

  async #create(): Promise<Pool> {
    const { host, port, database, user, password, timeoutMs, tls } = this.#settings;
    const { signal } = this.#closing;
    const pool = new Pool({
      host,
      port,
      database,
      user: (await this.#resolve(user, { signal })).reveal(),
      ...(password === undefined ? {} : { password: async () => (await this.#resolve(password, { signal })).reveal() }),
      application_name: "gw",
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      max: MAX_CONNECTIONS,
      allowExitOnIdle: true,
      keepAlive: true,
      ...(tls === undefined ? {} : { ssl: await tlsOptions(tls, host) }),
    });
    // A connection that breaks while nobody uses it: the next statement opens another.
    pool.on("error", () => {});
    return pool;
  }

  /** After a refused login the user is resolved anew too. */
  async #renewing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DatabaseError && error.code?.startsWith("28") === true) this.#pool = undefined;
      throw error;
    }
  }
}

async function tlsOptions({ isVerified, minVersion, certificateFile, keyFile }: TlsSettings, host: string) {
  return {
    rejectUnauthorized: isVerified,
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(certificateFile === undefined ? {} : { cert: await readFile(certificateFile, "utf8") }),
    ...(keyFile === undefined ? {} : { key: await readFile(keyFile, "utf8") }),
  };
}
