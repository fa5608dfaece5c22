import type { ConfigFinding } from "../../config/types.ts";

/** A field that Kong honours and this version does not, where going on without it would do something else than what was asked. */
export function notSupported(at: string, what: string, fix?: string): ConfigFinding {
  return error("not-supported", at, `${what} is not supported by this version.`, fix);
}

/** The same where going on without it harms nobody. */
export function noEffect(at: string, what: string): ConfigFinding {
  return { severity: "warning", code: "no-effect", at, message: `${what} has no effect in this version.` };
}

export function error(code: string, at: string, message: string, fix?: string): ConfigFinding {
  return { severity: "error", code, at, message, ...(fix === undefined ? {} : { fix }) };
}

export function warning(code: string, at: string, message: string, fix?: string): ConfigFinding {
  return { severity: "warning", code, at, message, ...(fix === undefined ? {} : { fix }) };
}

/** Kong's text for fields that go together: empty when all or none of them are set. */
export function allOrNone(
  at: string,
  prefix: string,
  record: object,
  fields: readonly string[],
): readonly ConfigFinding[] {
  const values: Readonly<Record<string, unknown>> = { ...record };
  const count = fields.filter((field) => values[field] !== undefined).length;
  if (count === 0 || count === fields.length) return [];
  const names = fields.map((field) => `'${prefix}.${field}'`).join(", ");
  return [error("all-or-none", at, `all or none of these fields must be set: ${names}`)];
}
