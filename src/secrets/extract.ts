import { SecretError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import { Secret } from "../core/secret.ts";
import { printReference, type Reference } from "./reference.ts";

/**
 * What a reference means in the secret that its vault answered: the whole text, or the string member that `key` names. Throws
 * SecretError GW_SECRET_MISSING in Kong's words (kong/pdk/vault.lua), which never quote the secret.
 */
export function extractValue(secret: Secret, reference: Reference, isBase64: boolean): Secret {
  const value = reference.key === undefined ? secret : readMember(secret, reference.key, reference);
  return isBase64 ? decode(value, reference) : value;
}

function readMember(secret: Secret, key: string, reference: Reference): Secret {
  const members = parseObject(secret.reveal());
  if (members === undefined) throw missing("unable to json decode value", reference);
  const member = Object.hasOwn(members, key) ? members[key] : undefined;
  if (member === undefined) throw missing(`subfield ${key} not found in JSON secret`, reference);
  if (typeof member !== "string") {
    throw missing(`unexpected ${typeName(member)} value in JSON secret for subfield ${key}`, reference);
  }
  return new Secret(member);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function decode(secret: Secret, reference: Reference): Secret {
  const text = secret.reveal().trim();
  const bytes = Buffer.from(text, "base64");
  const isExact = bytes.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "");
  if (!isExact) throw missing("unable to base64 decode value", reference);
  return new Secret(bytes.toString("utf8"));
}

function missing(problem: string, reference: Reference): SecretError {
  return new SecretError("GW_SECRET_MISSING", `${problem} [${printReference(reference)}]`, { vault: reference.prefix });
}
