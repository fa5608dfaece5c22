import { ConfigError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Diagnostic } from "../core/diagnostics.ts";
import { textAt } from "./draft.ts";
import type { Environment } from "./expression.ts";
import { evaluateTemplate, hasExpression } from "./template.ts";
import { sensitivePointers } from "./sensitive.ts";
import type { CollectionName, Entity, GatewayConfig } from "./types.ts";

/**
 * Replaces the expressions that sensitive fields of a GatewayConfig still hold. The result carries secrets: it is for a gateway about
 * to serve, never for a store, a diff or a log. Throws ConfigError that names each variable that is not set.
 */
export function resolveEnvironment(config: GatewayConfig, environment: Environment): GatewayConfig {
  const diagnostics: Diagnostic[] = [];
  const resolveText = (text: string, entity: string): string => {
    if (!hasExpression(text)) return text;
    const result = evaluateTemplate(text, environment);
    if (!("code" in result)) return result.value;
    const { code, message, fix } = result;
    diagnostics.push({
      severity: "error",
      code,
      message: `${entity}: ${message}`,
      ...(fix === undefined ? {} : { fix }),
    });
    return text;
  };
  const resolved = Object.fromEntries(
    Object.entries(config).map(([collection, entities]) => [
      collection,
      entities.map((entity: Entity) => resolveEntity(collection as CollectionName, entity, resolveText)),
    ]),
  );
  if (diagnostics.length > 0) throw new ConfigError(diagnostics.map(({ message }) => message).join(" "), diagnostics);
  return resolved as unknown as GatewayConfig;
}

function resolveEntity(
  collection: CollectionName,
  entity: Entity,
  resolveText: (text: string, entity: string) => string,
): Json {
  const value = entity as unknown as Json;
  if (!isJsonObject(value)) return value;
  const sensitive = new Set(sensitivePointers(collection, value));
  const label = `${collection} ${textAt(value, "name") ?? entity.id}`;
  const visit = (member: Json, pointer: string): Json => {
    if (typeof member === "string") return sensitive.has(pointer) ? resolveText(member, label) : member;
    if (Array.isArray(member)) return member.map((item: Json, index) => visit(item, `${pointer}/${index}`));
    if (!isJsonObject(member)) return member;
    return Object.fromEntries(
      Object.entries(member).map(([key, each]) => [key, visit(each, `${pointer}/${escapeKey(key)}`)]),
    );
  };
  return sensitive.size === 0 ? value : visit(value, "");
}

function escapeKey(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
