import { isJsonObject, type Json } from "../core/json.ts";
import { type Draft, textAt } from "./draft.ts";
import { kindOf } from "./kinds.ts";
import { parsePointer, type Path, printPointer } from "./path.ts";
import type { SourceDocument } from "./source-document.ts";
import { hasExpression } from "./template.ts";

/** JSON pointers of the values in shared blocks that had expressions. */
export function sharedTemplates(documents: readonly SourceDocument[]): readonly string[] {
  return documents.flatMap(({ templates }) => [...templates].filter((pointer) => SHARED.test(pointer)));
}

const SHARED = /^\/(?:_info\/defaults|_plugin_configs)\//;

/**
 * JSON pointers, below the entity, of what its blocks brought in from the environment: `_info.defaults` of its kind, and the block of
 * `_plugin_configs` that it names. `value` is the entity with its blocks filled in; what is still an expression there is left out.
 */
export function inheritedOrigins(draft: Draft, value: Json, shared: readonly string[]): readonly string[] {
  const block = draft.collection === "plugins" ? textAt(draft.value, "_config") : undefined;
  const paths = [
    ...shared.flatMap((pointer) => moved(pointer, ["_info", "defaults", kindOf(draft.collection).name], [])),
    ...(block === undefined ? [] : shared.flatMap((pointer) => moved(pointer, ["_plugin_configs", block], ["config"]))),
  ];
  return paths.filter((path) => !isOwn(draft.value, path) && isFilledIn(value, path)).map(printPointer);
}

function moved(pointer: string, from: Path, to: Path): readonly Path[] {
  const start = `${printPointer(from)}/`;
  return pointer.startsWith(start) ? [[...to, ...parsePointer(pointer.slice(start.length - 1))]] : [];
}

/** What an entity says itself wins over its blocks, at every depth; lists are values. */
function isOwn(value: Json, path: Path): boolean {
  const [part, ...rest] = path;
  if (part === undefined || !isJsonObject(value)) return true;
  const member = Object.hasOwn(value, part) ? value[part] : undefined;
  return member !== undefined && isOwn(member, rest);
}

function isFilledIn(value: Json, path: Path): boolean {
  let current: Json | undefined = value;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)] as Json | undefined;
    else current = isJsonObject(current) && Object.hasOwn(current, part) ? current[part] : undefined;
  }
  return current !== undefined && !(typeof current === "string" && hasExpression(current));
}
