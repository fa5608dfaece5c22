import { SecretError } from "../core/errors.ts";

/**
 * The address of a secret: `{vault://prefix/resource/key?query#version}`, in Kong's grammar (kong/pdk/vault.lua). Names are decoded.
 * Without a `key` the whole resource is the secret; with one the resource is a JSON object and the key a member of it.
 */
export interface Reference {
  /** Name of a built-in vault, or the prefix of a configured one. */
  readonly prefix: string;
  readonly resource: string;
  readonly key?: string;
  /** Options of the vault for this reference alone: `ttl`, `prefix`, … */
  readonly query: Readonly<Record<string, string>>;
  readonly version?: number;
}

const OPENING = "{vault://";

/** Purely lexical, as in Kong: nothing may stand before or after the braces. */
export function isReference(text: string): boolean {
  return text.startsWith(OPENING) && text.endsWith("}");
}

/**
 * Throws SecretError GW_SECRET_BAD_REFERENCE. The message quotes only what is lexically a reference: other text may be a secret
 * that stands where a reference was expected.
 */
export function parseReference(text: string): Reference {
  if (!isReference(text)) throw badReference("not a reference: it starts with {vault:// and ends with }");
  const [address, fragment] = splitAtFirst(text.slice(OPENING.length, -1), "#");
  const [location, query] = splitAtFirst(address, "?");
  const slash = location.indexOf("/");
  if (slash === 0 || location === "") throw badReference(`reference url is missing host [${text}]`);
  if (slash < 0) throw badReference(`reference url is missing path [${text}]`);
  return {
    prefix: location.slice(0, slash),
    ...parsePath(location.slice(slash + 1), text),
    query: Object.fromEntries(new URLSearchParams(query)),
    ...(fragment === undefined ? {} : { version: parseVersion(fragment, text) }),
  };
}

/** The inverse of parseReference: characters that mean something in the grammar are percent-encoded. */
export function printReference(reference: Reference): string {
  const { prefix, key, query, version } = reference;
  const resource = encodeResource(reference.resource);
  const lastPart = key === undefined ? endOfResource(resource) : `/${encodeURIComponent(key)}`;
  const shownQuery = Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query).toString()}`;
  return `${OPENING}${prefix}/${resource}${lastPart}${shownQuery}${version === undefined ? "" : `#${version}`}}`;
}

/** Without the slash the last segment of a longer resource would be taken for a key. */
function endOfResource(resource: string): string {
  return resource.includes("/") ? "/" : "";
}

function parsePath(path: string, text: string): Pick<Reference, "resource" | "key"> {
  if (path === "") throw badReference(`reference url has empty path [${text}]`);
  const segments = path.split("/").filter((segment) => segment !== "");
  if (segments.length === 0) throw badReference(`reference url has invalid path [${text}]`);
  const names = segments.map((segment) => decodeName(segment, text));
  const hasKey = names.length > 1 && !path.endsWith("/");
  const resource = (hasKey ? names.slice(0, -1) : names).join("/");
  const key = hasKey ? names.at(-1) : undefined;
  if ([...resource.split("/"), key].some((name) => name === "." || name === "..")) {
    throw badReference(`reference url has invalid path, "." and ".." are not allowed in it [${text}]`);
  }
  return key === undefined ? { resource } : { resource, key };
}

function decodeName(segment: string, text: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badReference(`reference url has invalid path, write %25 for a percent sign [${text}]`);
  }
}

function parseVersion(fragment: string, text: string): number {
  if (!/^\d{1,15}$/.test(fragment)) throw badReference(`reference url has invalid version [${text}]`);
  return Number(fragment);
}

/** A slash that would make an empty segment is part of a name and stays encoded: `%2Fsecret`. */
function encodeResource(resource: string): string {
  return encodeURIComponent(resource).replace(/(?<=.)(?<!\/|%2F)%2F(?!%2F|$)/g, "/");
}

function splitAtFirst(text: string, separator: string): [string, string | undefined] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

function badReference(message: string): SecretError {
  return new SecretError("GW_SECRET_BAD_REFERENCE", message);
}
