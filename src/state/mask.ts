import type { CollectionName } from "../config/types.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Plan, Step } from "./plan.ts";

/** JSON pointers of the fields whose schema calls them sensitive. */
export type SensitivePointers = (collection: CollectionName, entity: JsonObject) => readonly string[];

/** A step and how its bodies may be shown: same shape, secrets replaced. */
export interface MaskedStep {
  readonly step: Step;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

const MASK = "[masked]";

/**
 * Replaces, in old and new alike, what came from the environment (`origins`) and what the schema calls sensitive. A rotated secret is
 * masked on both sides even if only one of them came from the environment.
 */
export function maskSteps(
  plan: Plan,
  sensitivePointers: SensitivePointers,
  options: { readonly maskOrigins: boolean },
): readonly MaskedStep[] {
  return plan.steps.map((step) => {
    const origins = options.maskOrigins
      ? [...(plan.previousOrigins[step.id] ?? []), ...(plan.origins[step.id] ?? [])]
      : [];
    const sensitive = [step.before, step.after].flatMap((body) =>
      body === null ? [] : sensitivePointers(step.collection, body),
    );
    const pointers = new Set([...origins, ...sensitive]);
    return { step, before: maskBody(step.before, pointers), after: maskBody(step.after, pointers) };
  });
}

function maskBody(body: JsonObject | null, pointers: ReadonlySet<string>): JsonObject | null {
  return body === null ? null : (mask(body, pointers, "") as JsonObject);
}

function mask(value: Json, pointers: ReadonlySet<string>, at: string): Json {
  if (pointers.has(at)) return hide(value);
  if (Array.isArray(value)) return value.map((item: Json, index) => mask(item, pointers, `${at}/${index}`));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mask(item, pointers, `${at}/${escapeToken(key)}`)]),
  );
}

/** RFC 6901, section 3. */
function escapeToken(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function hide(value: Json): Json {
  if (value === null) return null;
  return typeof value === "string" && isReference(value) ? withoutFallbacks(value) : MASK;
}

const REFERENCE = /\{vault:\/\/[^{}]*\}|\$\{\{.*?\}\}/gs;
/** What may stand before a reference in a header without being a secret itself. */
const SCHEME = /^(?:(?:Bearer|Basic|Token|Key|ApiKey|Api-Key) +)?$/i;

/** Vault references and `${{ env … }}` expressions say where a secret is, not what it is. */
function isReference(value: string): boolean {
  return value.search(REFERENCE) !== -1 && SCHEME.test(value.replaceAll(REFERENCE, ""));
}

/** The second argument of `env` is a value, and may be a secret: of the quoted texts only the variable's name is shown. */
function withoutFallbacks(value: string): string {
  return value.replaceAll(/\$\{\{.*?\}\}/gs, (expression) => {
    let seen = 0;
    return expression.replaceAll(/"(?:\\.|[^"\\])*"|`[^`]*`/g, (text) => (seen++ === 0 ? text : `"${MASK}"`));
  });
}
