import type { DistanceMetric, IndexSpec, VectorItem, VectorMatch } from "../../store.ts";
import type { Run } from "./database.ts";

/** Rows that travel in one statement. */
const BATCH = 100;

/** Any fixed number: gateways that start at once make the tables one after the other. */
const TABLES_LOCK = 0x6777;

/**
 * One table holds the vectors of every index, of any length; another says how many each has. There is no approximate index: the few
 * hundred rows of one index are found by their key and compared one by one, so answers are exact.
 */
export async function createTables(run: Run): Promise<void> {
  const [found] = await run(
    "SELECT to_regclass('gw_vectors') IS NOT NULL AND to_regclass('gw_vector_indexes') IS NOT NULL AS there",
  );
  if (found?.["there"] === true) return;
  await run("SELECT pg_advisory_xact_lock($1)", [TABLES_LOCK]);
  const [extension] = await run("SELECT 1 FROM pg_extension WHERE extname = 'vector'");
  if (extension === undefined) await run("CREATE EXTENSION IF NOT EXISTS vector");
  await run(`CREATE TABLE IF NOT EXISTS gw_vector_indexes (
    owner text, fingerprint text, items integer NOT NULL, PRIMARY KEY (owner, fingerprint))`);
  await run(`CREATE TABLE IF NOT EXISTS gw_vectors (
    owner text, fingerprint text, id text COLLATE "C", vector vector NOT NULL, PRIMARY KEY (owner, fingerprint, id))`);
}

export async function replaceItems(run: Run, spec: IndexSpec, items: readonly VectorItem[]): Promise<void> {
  const { owner, fingerprint } = spec;
  await lockOwner(run, owner);
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items.slice(start, start + BATCH);
    const rows = batch.map((_, at) => `($1, $2, $${2 * at + 3}, $${2 * at + 4}::vector)`).join(", ");
    const values = batch.flatMap(({ id, vector }) => [id, toBinary(vector)]);
    await run(
      `INSERT INTO gw_vectors (owner, fingerprint, id, vector) VALUES ${rows}
       ON CONFLICT (owner, fingerprint, id) DO UPDATE SET vector = excluded.vector`,
      [owner, fingerprint, ...values],
    );
  }
  const ids = items.map(({ id }) => id);
  await run("DELETE FROM gw_vectors WHERE owner = $1 AND fingerprint = $2 AND NOT id = ANY ($3)", [
    owner,
    fingerprint,
    ids,
  ]);
  await run(
    `INSERT INTO gw_vector_indexes (owner, fingerprint, items) VALUES ($1, $2, $3)
     ON CONFLICT (owner, fingerprint) DO UPDATE SET items = excluded.items`,
    [owner, fingerprint, items.length],
  );
}

export async function removeOtherIndexes(run: Run, { owner, fingerprint }: IndexSpec): Promise<void> {
  await lockOwner(run, owner);
  await run("DELETE FROM gw_vectors WHERE owner = $1 AND fingerprint <> $2", [owner, fingerprint]);
  await run("DELETE FROM gw_vector_indexes WHERE owner = $1 AND fingerprint <> $2", [owner, fingerprint]);
}

/** What `searchItems` found; undefined when there is no such index. */
export interface Found {
  readonly matches: readonly VectorMatch[];
  /** How many the index has. */
  readonly count: number;
}

export async function searchItems(
  run: Run,
  { owner, fingerprint, metric }: IndexSpec,
  vector: Float32Array,
  limit: number,
): Promise<Found | undefined> {
  const rows = await run(
    `SELECT i.items, v.id, v.distance FROM gw_vector_indexes i LEFT JOIN LATERAL (
       SELECT id, ${distances[metric]} AS distance FROM gw_vectors
       WHERE owner = i.owner AND fingerprint = i.fingerprint ORDER BY distance, id LIMIT $4) v ON true
     WHERE i.owner = $1 AND i.fingerprint = $2`,
    [owner, fingerprint, toBinary(vector), limit],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  return { matches: rows.filter(({ id }) => id !== null).map(readMatch), count: Number(first["items"]) };
}

/** pgvector's `<->` is the root of what this layer calls euclidean. */
const distances: Readonly<Record<DistanceMetric, string>> = {
  cosine: "vector <=> $3::vector",
  euclidean: "power(vector <-> $3::vector, 2)",
};

function readMatch({ id, distance }: Readonly<Record<string, unknown>>): VectorMatch {
  // A zero query: pgvector says NaN, the contract 1.
  return { id: String(id), distance: Number.isNaN(Number(distance)) ? 1 : Math.max(0, Number(distance)) };
}

/** Several gateways write the same index at once: one after the other. */
async function lockOwner(run: Run, owner: string): Promise<void> {
  await run("SELECT pg_advisory_xact_lock($1, hashtext($2))", [TABLES_LOCK, owner]);
}

/** pgvector's own binary form: the length, two bytes for later use, the numbers, all big-endian. */
function toBinary(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 + 4 * vector.length);
  bytes.writeUInt16BE(vector.length, 0);
  for (const [position, value] of vector.entries()) bytes.writeFloatBE(value, 4 + 4 * position);
  return bytes;
}
