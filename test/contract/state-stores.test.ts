import { join } from "node:path";
import { createMemoryPlace, openMemoryStore } from "../../src/state/stores/memory.ts";
import { openSqliteStore } from "../../src/state/stores/sqlite.ts";
import { tempDir } from "../support/temp-dir.ts";
import { stateStoreContract } from "./state-store.contract.ts";

stateStoreContract("memory", () => {
  const place = createMemoryPlace();
  return { open: () => openMemoryStore(place) };
});

stateStoreContract("sqlite", () => {
  const path = join(tempDir(), "folder", "state.db");
  return { open: () => openSqliteStore(path) };
});
