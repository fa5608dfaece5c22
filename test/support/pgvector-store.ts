import type { JsonObject } from "../../src/core/json.ts";
import { Secret } from "../../src/core/secret.ts";
import type { VectorStore } from "../../src/vectors/store.ts";
import { pgvectorStore } from "../../src/vectors/stores/pgvector.ts";

/** A store on `connection`, Kong's `pgvector` block; texts stand for themselves unless `secrets` has a value for them. */
export async function openPgvectorStore(
  connection: JsonObject,
  secrets: Readonly<Record<string, string>> = {},
): Promise<VectorStore> {
  const resolve = async (text: string) => new Secret(secrets[text] ?? text);
  return await pgvectorStore.create({ strategy: "pgvector", connection, resolve }, { notify: () => {} });
}
