import type { CollectionName } from "../config/types.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { MASK, maskText } from "../core/masked-text.ts";
import type { Plan, Step } from "./plan.ts";

/** JSON pointers of the fields whose schema calls them sensitive. */
export type SensitivePointers = (collection: CollectionName, entity: JsonObject) => readonly string[];

/** A step and how its bodies may be shown: same shape, secrets replaced. */
export interface MaskedStep {
  readonly step: Step;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

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
    const masked = (body: JsonObject | null): JsonObject | null => (body === null ? null : maskBody(body, pointers));
    return { step, before: masked(step.before), after: masked(step.after) };
  });
}

/** The entity with the values at `pointers` hidden. */
export function maskBody(body: JsonObject, pointers: ReadonlySet<string>): JsonObject {
  return mask(body, pointers, "") as JsonObject;
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
  return typeof value === "string" ? maskText(value) : MASK;
}
