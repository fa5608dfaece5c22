import { isJsonObject, type Json } from "../../core/json.ts";
import type { Draft, Finding } from "../draft.ts";
import { type Path, printPath } from "../path.ts";
import { warning } from "./finding.ts";

/** Values that only gw knows: where, and which. */
const OWN_VALUES: readonly (readonly [Path, string])[] = [
  [["config", "embeddings", "model", "provider"], "local"],
  [["config", "vectordb", "strategy"], "memory"],
];

/** What Kong would refuse in a plugin or vault, since only gw has it (`--strict-kong`). */
export function checkGwOnly({ collection, value }: Draft): readonly Finding[] {
  if (collection === "vaults" && value["name"] === "file") return [gwOnly('the vault "file"', ["name"])];
  const config = value["config"];
  if (!isJsonObject(config)) return [];
  const targets = Array.isArray(config["targets"]) ? config["targets"] : [];
  const blocks: readonly Path[] = [["config", "gw"], ...targets.map((_, index) => ["config", "targets", index, "gw"])];
  const fields = blocks.filter((path) => memberAt(value, path) !== undefined);
  const values = OWN_VALUES.filter(([path, own]) => memberAt(value, path) === own);
  return [
    ...fields.map((path) => gwOnly(printPath(path), path)),
    ...values.map(([path, own]) => gwOnly(`${printPath(path)}: ${own}`, path)),
  ];
}

function gwOnly(what: string, path: Path): Finding {
  return warning("gw-only", `Kong does not have ${what}.`, path);
}

function memberAt(value: Json, path: Path): Json | undefined {
  let current: Json | undefined = value;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)] as Json | undefined;
    else current = isJsonObject(current) && Object.hasOwn(current, part) ? current[part] : undefined;
  }
  return current;
}
