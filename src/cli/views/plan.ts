import { kinds } from "../../config/kinds.ts";
import { countSteps } from "../../state/apply.ts";
import type { MaskedStep } from "../../state/mask.ts";
import type { Plan, Step } from "../../state/plan.ts";
import { type ChangeLine, compactBody } from "./compact-body.ts";
import { escapeControls } from "./escape-controls.ts";
import { styleFor } from "./style.ts";
import { type BodyLine, updateBody } from "./update-body.ts";

const verbs = { create: "creating", update: "updating", delete: "deleting" } as const;
const colours = { create: "green", update: "yellow", delete: "red" } as const;

/** decK's event lines: `creating service svc-a`, and for an update its body, or only what changes in it. Ends with a newline unless there is nothing to do. */
export function eventsText(steps: readonly MaskedStep[], colour: boolean, isCompact = false): string {
  return steps.map((step) => eventText(step, colour, isCompact)).join("");
}

/** `will delete 2:` and a line each; empty when nothing is deleted. */
export function deletionsText({ steps }: Pick<Plan, "steps">, colour: boolean): string {
  const deleted = steps.filter(({ action }) => action === "delete");
  if (deleted.length === 0) return "";
  const lines = deleted.map(({ kind, label }) => `  ${kind} ${escapeControls(label)}`);
  return `${styleFor(colour).red([`will delete ${deleted.length}:`, ...lines].join("\n"))}\n`;
}

/** The three lines that close every diff and sync. */
export function summaryText(plan: Pick<Plan, "steps">, colour: boolean): string {
  const { created, updated, deleted } = countSteps(plan);
  const lines = ["Summary:", `  Created: ${created}`, `  Updated: ${updated}`, `  Deleted: ${deleted}`];
  return `${lines.map((line) => styleFor(colour).green.bold(line)).join("\n")}\n`;
}

function eventLine({ action, kind, label }: Step): string {
  return `${verbs[action]} ${kind} ${escapeControls(label)}`;
}

function eventText(masked: MaskedStep, colour: boolean, isCompact: boolean): string {
  const { step } = masked;
  const event = styleFor(colour)[colours[step.action]](eventLine(step));
  if (step.action !== "update") return `${event}\n`;
  const sets = kinds.find(({ collection }) => collection === step.collection)?.sets ?? [];
  if (isCompact)
    return `${[event, ...compactBody(masked, sets).map((line) => compactText(line, colour))].join("\n")}\n`;
  const [first, ...rest] = updateBody(masked, sets).map((line) => bodyText(line, colour));
  return `${[`${event} ${first ?? ""}`, ...rest].join("\n")}\n\n`;
}

function compactText({ mark, text }: ChangeLine, colour: boolean): string {
  const style = styleFor(colour);
  const paint = { "+": style.green, "-": style.red, "~": style.yellow, ">": style.cyan }[mark];
  return `  ${paint(`${mark} ${text}`)}`;
}

function bodyText({ mark, text }: BodyLine, colour: boolean): string {
  const style = styleFor(colour);
  if (mark === "+") return style.green(`+${text}`);
  return mark === "-" ? style.red(`-${text}`) : ` ${text}`;
}
