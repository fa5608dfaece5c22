import { compareText, inNaturalOrder, type Kind, kinds } from "../config/kinds.ts";
import type { CollectionName, GatewayConfig, LoadedConfig, Origins } from "../config/types.ts";
import type { JsonObject } from "../core/json.ts";
import { type Change, diffConfigs } from "./diff.ts";
import { bodiesOf, idOf } from "./resources.ts";
import { sameJson } from "./same-json.ts";
import { type Skip, withoutSkipped } from "./skip.ts";
import { claim, inScope, refuseSecondOwners } from "./scope.ts";
import type { Snapshot } from "./store.ts";

/** One change, as plain data that survives JSON. */
export interface Step {
  readonly action: Change["action"];
  readonly collection: CollectionName;
  /** As decK prints it: `service`. */
  readonly kind: string;
  readonly id: string;
  readonly label: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

/** What one sync would do to a store at `serial`. */
export interface Plan {
  readonly serial: number;
  readonly steps: readonly Step[];
  /** Of the store as it is, for masking what the steps take away. */
  readonly previousOrigins: Origins;
  /** Of the store as it will be. */
  readonly origins: Origins;
  readonly unavailablePlugins: readonly string[];
  /** Nothing to write: no step, and the facts kept beside the entities are the same. */
  readonly isEmpty: boolean;
}

export type Desired = Pick<LoadedConfig, "config" | "origins" | "unavailablePlugins">;

/**
 * The steps that make the store equal to `desired`, in decK's order: creations and updates from level 1 to 4, then deletions from 4
 * to 1. With select tags the files own exactly the entities that carry all of them: their entities get the tags, the rest of the
 * store is left alone, as is what `skips` names. Throws StateError GW_STATE_CONFLICT when the rest stands in the way.
 */
export function planSync(
  current: Snapshot,
  desired: Desired,
  selectTags: readonly string[] = [],
  skips: readonly Skip[] = [],
): Plan {
  const stored = withoutSkipped(current.config, skips);
  const declared = withoutSkipped(desired.config, skips);
  const owned = inScope(stored, selectTags);
  const wanted = selectTags.length === 0 ? declared : claim(stored, declared, selectTags);
  const steps = order(diffConfigs(owned, wanted)).map(toStep);
  const foreign = foreignIds(current.config, owned);
  const origins = { ...keepOrigins(current.origins, foreign), ...desired.origins };
  const unavailablePlugins = [
    ...current.unavailablePlugins.filter((id) => foreign.has(id)),
    ...desired.unavailablePlugins,
  ];
  return withFacts(current, steps, { origins, unavailablePlugins });
}

function withFacts(
  current: Snapshot,
  steps: readonly Step[],
  { origins, unavailablePlugins }: Pick<Plan, "origins" | "unavailablePlugins">,
): Plan {
  const isEmpty =
    steps.length === 0 &&
    sameJson(origins, current.origins) &&
    sameJson(unavailablePlugins.toSorted(), current.unavailablePlugins.toSorted());
  return { serial: current.serial, steps, previousOrigins: current.origins, origins, unavailablePlugins, isEmpty };
}

/**
 * The same without deletions: what the files do not name stays. Throws StateError GW_STATE_CONFLICT when what stays has the name of an
 * entity of the files under another id.
 */
export function planApply(current: Snapshot, desired: Desired): Plan {
  refuseSecondOwners(current.config, desired.config);
  const steps = order(diffConfigs(current.config, desired.config).filter(({ action }) => action !== "delete")).map(
    toStep,
  );
  const named = new Set(kinds.flatMap(({ collection }) => bodiesOf(desired.config, collection).map(idOf)));
  const origins = { ...withoutIds(current.origins, named), ...desired.origins };
  const unavailablePlugins = [
    ...current.unavailablePlugins.filter((id) => !named.has(id)),
    ...desired.unavailablePlugins,
  ];
  return withFacts(current, steps, { origins, unavailablePlugins });
}

/** The configuration after the steps. Entities keep their natural order: by kind, then by name, then by id. */
export function applySteps(steps: readonly Step[], config: GatewayConfig): GatewayConfig {
  const changed = kinds.filter(({ collection }) => steps.some((step) => step.collection === collection));
  const lists = changed.map((kind) => [kind.collection, applyToList(kind, steps, bodiesOf(config, kind.collection))]);
  return { ...config, ...(Object.fromEntries(lists) as Partial<GatewayConfig>) };
}

function applyToList(kind: Kind, steps: readonly Step[], list: readonly JsonObject[]): readonly JsonObject[] {
  const byId = new Map(list.map((body) => [idOf(body), body]));
  for (const step of steps) {
    if (step.collection !== kind.collection) continue;
    if (step.after === null) byId.delete(step.id);
    else byId.set(step.id, step.after);
  }
  return inNaturalOrder(kind, [...byId.values()]);
}

function order(changes: readonly Change[]): readonly Change[] {
  const rank = new Map(kinds.map((kind, index) => [kind.collection, index]));
  const kindOrder = (change: Change): number => rank.get(change.kind.collection) ?? 0;
  const byLabel = changes.toSorted((a, b) => compareText(a.label, b.label) || compareText(a.id, b.id));
  const up = byLabel.filter(({ action }) => action !== "delete");
  const down = byLabel.filter(({ action }) => action === "delete");
  return [
    ...up.toSorted((a, b) => a.kind.level - b.kind.level || kindOrder(a) - kindOrder(b)),
    ...down.toSorted((a, b) => b.kind.level - a.kind.level || kindOrder(a) - kindOrder(b)),
  ];
}

function toStep({ kind, ...change }: Change): Step {
  return { ...change, kind: kind.name, collection: kind.collection };
}

function foreignIds(all: GatewayConfig, owned: GatewayConfig): ReadonlySet<string> {
  const ours = new Set(kinds.flatMap(({ collection }) => bodiesOf(owned, collection).map(idOf)));
  return new Set(kinds.flatMap(({ collection }) => bodiesOf(all, collection).map(idOf)).filter((id) => !ours.has(id)));
}

function withoutIds(origins: Origins, ids: ReadonlySet<string>): Origins {
  return Object.fromEntries(Object.entries(origins).filter(([id]) => !ids.has(id)));
}

function keepOrigins(origins: Origins, ids: ReadonlySet<string>): Origins {
  return Object.fromEntries(Object.entries(origins).filter(([id]) => ids.has(id)));
}
