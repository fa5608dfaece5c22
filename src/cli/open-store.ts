import { openStore } from "../state/open.ts";
import type { StateStore } from "../state/store.ts";
import type { OptionValues, Terminal } from "./command.ts";
import { textOf } from "./option-values.ts";

/** Opens the store that `--store` names and closes it again. */
export async function withStore<T>(
  options: OptionValues,
  terminal: Pick<Terminal, "cwd">,
  work: (store: StateStore) => Promise<T>,
): Promise<T> {
  const store = await openStore(storeLocation(options), terminal.cwd);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** How messages call the store: without the credentials of a URL. */
export function storeName(options: OptionValues): string {
  return storeLocation(options).replace(/\/\/[^@/]*@/, "//");
}

/** `--store`, else GW_STORE, else its default: cli/program.ts has read all three. */
export function storeLocation(options: OptionValues): string {
  return textOf(options, "store") ?? "";
}
