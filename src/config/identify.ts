import { didYouMean } from "../core/did-you-mean.ts";
import type { Diagnostic } from "../core/diagnostics.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { diagnose, type Draft, type Finding, labelOf, nameOf, placeOfDraft, textAt } from "./draft.ts";
import { parentField } from "./flatten.ts";
import { deterministicId, pluginKey } from "./ids.ts";
import { kindOf, kinds, siblingKeys } from "./kinds.ts";
import { isMasked } from "./masked-secrets.ts";
import { entitySchemas } from "./schemas.ts";
import { noStoredNames, type Reference, type Referred, type StoredNames } from "./stored-names.ts";
import type { CollectionName } from "./types.ts";

/** A draft with its id and what its foreign keys point to. */
export interface Identified {
  readonly draft: Draft;
  readonly id: string;
  /** Foreign key → the entity it names. One that names nothing is left out, and reported. */
  readonly references: ReadonlyMap<string, Referred>;
}

export interface IdentifiedDrafts {
  readonly entities: readonly Identified[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Gives ids, follows foreign keys by name or id, and finds what is declared twice: over all files together. An entity without an id
 * takes over the one that `stored` has under its name.
 */
export function identify(drafts: readonly Draft[], stored: StoredNames = noStoredNames): IdentifiedDrafts {
  const identifier = new Identifier(stored);
  // What is referred to comes first; the order of files does not matter.
  const lists = new Map(kinds.map(({ collection }): [CollectionName, Draft[]] => [collection, []]));
  for (const draft of drafts) lists.get(draft.collection)?.push(draft);
  for (const draft of [...lists.values()].flat()) identifier.add(draft);
  return { entities: identifier.entities, diagnostics: identifier.diagnostics };
}

class Identifier {
  readonly entities: Identified[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #stored: StoredNames;
  readonly #byDraft = new Map<Draft, Identified>();
  /** `services name x` and the like → who has it. */
  readonly #taken = new Map<string, Identified>();

  constructor(stored: StoredNames) {
    this.#stored = stored;
  }

  add(draft: Draft): void {
    const references = new Map<string, Referred>();
    for (const [field, collection] of Object.entries(kindOf(draft.collection).references)) {
      const referred = this.#follow(draft, field, collection);
      if (referred !== undefined) references.set(field, referred);
    }
    const entity: Identified = { draft, id: this.#idOf(draft, references), references };
    this.entities.push(entity);
    this.#byDraft.set(draft, entity);
    for (const unique of uniqueValues(entity)) this.#take(entity, unique);
  }

  #idOf(draft: Draft, references: Identified["references"]): string {
    const given = textAt(draft.value, "id");
    if (given !== undefined) return given.toLowerCase();
    return this.#stored.idOf(draft.collection, () => identitiesOf(draft, references)) ?? derivedId(draft, references);
  }

  #follow(draft: Draft, field: string, collection: CollectionName): Referred | undefined {
    if (draft.parent !== undefined && parentField(draft) === field) return referredTo(this.#byDraft.get(draft.parent));
    const reference = readReference(draft.value[field]);
    if (reference === undefined) return undefined;
    const [key] = kindOf(collection).keys;
    const found =
      (reference.by === "id" ? undefined : this.#taken.get(`${collection} ${key} ${reference.text}`)) ??
      (reference.by === "name" ? undefined : this.#taken.get(`${collection} id ${reference.text.toLowerCase()}`));
    const referred = referredTo(found) ?? this.#stored.find(collection, reference);
    if (referred === undefined) this.#reportUnknown(draft, field, collection, reference.text);
    return referred;
  }

  #reportUnknown(draft: Draft, field: string, collection: CollectionName, text: string): void {
    const names = this.entities
      .filter((entity) => entity.draft.collection === collection)
      .flatMap((entity) => nameOf(entity.draft) ?? []);
    const known =
      names.length === 0
        ? `There are no ${collection}.`
        : `Known ${collection}: ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}.`;
    this.#report(draft, {
      severity: "error",
      code: "unknown-reference",
      message: `names the ${field} "${text}", which is not defined.${didYouMean(text, names)}`,
      fix: known,
      path: [field],
    });
  }

  #take(entity: Identified, unique: Unique): void {
    const key = `${entity.draft.collection} ${unique.field} ${unique.value}`;
    const first = this.#taken.get(key);
    if (first === undefined) {
      this.#taken.set(key, entity);
      return;
    }
    // An id derived from a name that is taken, or from the same scope, repeats what the other finding says.
    if (unique.field === "id" && textAt(entity.draft.value, "id") === undefined) return;
    this.#report(entity.draft, {
      severity: "error",
      code: "duplicate",
      message: unique.message(),
      path: unique.field === "scope" ? (siblingKeys[entity.draft.collection] ?? []).slice(0, 1) : [unique.field],
      related: [{ message: `${labelOf(first.draft)} is first`, place: placeOfDraft(first.draft) }],
    });
  }

  #report(draft: Draft, finding: Finding): void {
    const diagnostic = diagnose(draft, finding);
    if (diagnostic !== undefined) this.diagnostics.push(diagnostic);
  }
}

interface Unique {
  readonly field: string;
  readonly value: string;
  readonly message: () => string;
}

/** What no other entity of the collection may have (decK's uniqueness keys). */
function uniqueValues({ draft, id, references }: Identified): readonly Unique[] {
  const { collection, value } = draft;
  const fields = collection === "plugins" ? ["instance_name"] : kindOf(collection).keys;
  const isSecret = (field: string): boolean =>
    entitySchemas[collection].properties?.[field]?.["x-gw-sensitive"] === true;
  const quote = (field: string, text: string): string => (isSecret(field) ? "" : ` "${text}"`);
  const unique: Unique[] = [];
  for (const field of fields) {
    const text = textAt(value, field);
    if (text === undefined || isMasked(text)) continue;
    unique.push({ field, value: text, message: () => `the ${field}${quote(field, text)} is already taken.` });
  }
  if (siblingKeys[collection] !== undefined) unique.push(scopeOf(draft, references));
  unique.push({ field: "id", value: id, message: () => `the id "${id}" is already taken.` });
  return unique;
}

function scopeOf(draft: Draft, references: Identified["references"]): Unique {
  const where = [...references].map(([field, { id }]) => `${field} ${id}`).join(" ");
  const keys = siblingKeys[draft.collection] ?? [];
  const message = (): string =>
    draft.collection === "plugins"
      ? "runs twice in the same place: a plugin is identified by its name and its service, route, consumer and group."
      : "is declared twice in the same place.";
  const value = [...keys.map((key) => textAt(draft.value, key) ?? ""), where].join(" ");
  return { field: "scope", value, message };
}

function referredTo(entity: Identified | undefined): Referred | undefined {
  return entity && { id: entity.id, name: nameOf(entity.draft) };
}

/** What tells an entity from others of its kind, besides its id. */
function identitiesOf(draft: Draft, references: Identified["references"]): readonly string[] {
  const { collection, value } = draft;
  if (siblingKeys[collection] !== undefined) return [`scope ${scopeOf(draft, references).value}`];
  return kindOf(collection).keys.flatMap((key) => {
    const text = textAt(value, key);
    return text === undefined ? [] : [`${key} ${text}`];
  });
}

function derivedId(draft: Draft, references: Identified["references"]): string {
  const name =
    nameOf(draft) ??
    kindOf(draft.collection)
      .keys.map((key) => textAt(draft.value, key) ?? "")
      .join();
  if (draft.collection !== "plugins") {
    const isNameless = siblingKeys[draft.collection] !== undefined;
    return deterministicId(draft.collection, isNameless ? scopeOf(draft, references).value : name);
  }
  const scope = Object.fromEntries([...references].map(([field, { id, name }]) => [field, name ?? id]));
  return deterministicId("plugins", pluginKey(name, scope));
}

/** `x`, `{name: x}` or `{id: x}`; anything else has been reported by the schema. */
function readReference(value: Json | undefined): Reference | undefined {
  if (typeof value === "string" && value !== "") return { text: value, by: "either" };
  if (!isJsonObject(value)) return undefined;
  const id = textAt(value, "id");
  const name = textAt(value, "name");
  if (id !== undefined) return name === undefined ? { text: id, by: "id" } : undefined;
  return name === undefined ? undefined : { text: name, by: "name" };
}
