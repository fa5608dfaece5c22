import { applySteps, type Plan } from "./plan.ts";
import type { Revision, Snapshot, StateStore } from "./store.ts";

/** Who synced what, for the history. `at` is ISO 8601, UTC. */
export type Author = Pick<Revision, "at" | "who" | "files">;

/**
 * Writes the planned state in one go and returns the new serial; an empty plan writes nothing. `current` is the snapshot that the plan was
 * made from. Throws StateError GW_STATE_CONFLICT when somebody wrote since.
 */
export async function applyPlan(store: StateStore, current: Snapshot, plan: Plan, author: Author): Promise<number> {
  if (plan.isEmpty) return plan.serial;
  const { origins, unavailablePlugins } = plan;
  const next = { config: applySteps(plan.steps, current.config), origins, unavailablePlugins };
  return await store.write(next, { ...author, summary: countSteps(plan) }, plan.serial);
}

export function countSteps(plan: Pick<Plan, "steps">): Revision["summary"] {
  const count = (action: string): number => plan.steps.filter((step) => step.action === action).length;
  return { created: count("create"), updated: count("update"), deleted: count("delete") };
}
