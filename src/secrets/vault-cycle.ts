import { isReference, parseReference } from "./reference.ts";

/** What matters of a vault entity: which vaults the references in its own configuration name. */
export interface VaultNode {
  readonly prefix: string;
  readonly config: unknown;
}

/** The prefixes on a way from the vault back to itself, first and last the same; undefined when it needs no vault that needs it. */
export function findVaultCycle(prefix: string, vaults: readonly VaultNode[]): readonly string[] | undefined {
  const needs = new Map(vaults.map((vault) => [vault.prefix, prefixesIn(vault.config)]));
  const seen = new Set<string>();
  const search = (path: readonly string[]): readonly string[] | undefined => {
    for (const next of needs.get(path.at(-1) ?? "") ?? []) {
      if (next === prefix) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = search([...path, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search([prefix]);
}

function prefixesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return isReference(value) ? prefixOf(value) : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(prefixesIn);
}

function prefixOf(text: string): readonly string[] {
  try {
    return [parseReference(text).prefix];
  } catch {
    return [];
  }
}
