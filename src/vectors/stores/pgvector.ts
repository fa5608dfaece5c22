import { untilAborted } from "../../core/abort.ts";
import { VectorError } from "../../core/errors.ts";
import { checkItems, checkQuery } from "../check-vectors.ts";
import type { VectorMatch, VectorStore, VectorStoreDefinition } from "../store.ts";
import { Database } from "./pgvector/database.ts";
import { translateFailure } from "./pgvector/failure.ts";
import { createTables, removeOtherIndexes, replaceItems, searchItems } from "./pgvector/index-table.ts";
import { type PgvectorSettings, readPgvectorSettings } from "./pgvector/settings.ts";

/** PostgreSQL with the extension pgvector, 0.5 or later. Its tables, and the extension where it may, are made at first use. */
export const pgvectorStore: VectorStoreDefinition = {
  name: "pgvector",
  create: async (store) => {
    const settings = readPgvectorSettings(store.connection);
    return createPgvectorStore(settings, new Database(settings, (text, options) => store.resolve(text, options)));
  },
};

/** Of an extension that nobody has made use of yet, the version that would be taken. */
const VERSIONS = `SELECT current_setting('server_version') AS server,
  (SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'vector') AS extension`;

function createPgvectorStore({ host, port, database }: PgvectorSettings, db: Database): VectorStore {
  const server = `PostgreSQL at ${host}:${port}/${database}`;
  const use = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    await untilAborted(signal, async () => {
      try {
        return await work();
      } catch (error) {
        throw translateFailure(error, server);
      }
    });
  const lost = (what: string): VectorError =>
    new VectorError("GW_VECTOR_MISMATCH", `${server} ${what}. It has to be filled again.`);
  return {
    name: "pgvector",
    async replace(spec, items, { signal }) {
      signal.throwIfAborted();
      checkItems(spec, items);
      await use(signal, async () => {
        await db.transaction(createTables);
        await db.transaction(async (run) => await replaceItems(run, spec, items));
      });
    },
    async search(spec, vector, limit, { signal }): Promise<readonly VectorMatch[]> {
      signal.throwIfAborted();
      checkQuery(spec, vector);
      if (limit < 1) return [];
      const found = await use(
        signal,
        async () => await searchItems((...call) => db.query(...call), spec, vector, limit),
      );
      if (found === undefined) throw lost("has no index");
      const { matches, count } = found;
      if (matches.length < Math.min(limit, count))
        throw lost(`holds ${matches.length} of the ${count} vectors of the index`);
      return matches;
    },
    async removeOrphans(spec, { signal }) {
      await use(signal, async () => {
        await db.transaction(createTables);
        await db.transaction(async (run) => await removeOtherIndexes(run, spec));
      });
    },
    async server({ signal }) {
      const [row] = await use(signal, async () => await db.query(VERSIONS));
      const extension = row?.["extension"];
      if (typeof extension === "string") return `PostgreSQL ${String(row?.["server"])} with pgvector ${extension}`;
      const message = `${server} does not have the extension pgvector. Install it, or use vectordb.strategy: memory.`;
      throw new VectorError("GW_VECTOR_UNSUPPORTED", message);
    },
    close: async () => await db.close(),
  };
}
