import { StateError, UsageError } from "../../core/errors.ts";
import { planSync } from "../../state/plan.ts";
import { KEPT_REVISIONS, type Snapshot, type StateStore } from "../../state/store.ts";
import { carryOut } from "../carry-out.ts";
import type { Command } from "../command.ts";
import { planOptions, withPlan } from "../planning.ts";

export const rollback: Command = {
  name: "rollback",
  summary: "go back to an earlier revision, by default the one before; this is a new revision itself",
  arguments: "[revision]",
  options: [...planOptions, { flags: "--yes", summary: "delete without asking" }],
  async run([text], options, terminal) {
    const propose = async (current: Snapshot, store: StateStore) => {
      const serial = text === undefined ? current.serial - 1 : parseSerial(text);
      const revision = await readRevision(store, serial);
      return { plan: planSync(current, revision), files: [`(revision ${serial})`], warnings: [] };
    };
    return await withPlan(options, terminal, propose, async (planned) => await carryOut(planned, options, terminal));
  },
};

function parseSerial(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a revision. \`gw history\` lists their numbers.`);
}

async function readRevision(store: StateStore, serial: number): Promise<Snapshot> {
  const revision = await store.readRevision(serial);
  if (revision !== undefined) return revision;
  throw new StateError(
    "GW_STATE_NO_REVISION",
    `The store has no revision ${serial}; the last ${KEPT_REVISIONS} are kept. \`gw history\` lists them.`,
  );
}
