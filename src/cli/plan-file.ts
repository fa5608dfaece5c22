import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { StateError, toError, UsageError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Plan } from "../state/plan.ts";
import type { Report } from "./views/report.ts";

/** A plan to look at and carry out later. It holds no secret: a digest tells whether files and environment still say the same. */
interface PlanFile {
  readonly serial: number;
  /** As they were named on the command line. */
  readonly inputs: readonly string[];
  readonly selectTags: readonly string[];
  readonly salt: string;
  readonly digest: string;
}

/** Throws UsageError for an input that cannot be read a second time. */
export function planFileText(
  plan: Plan,
  report: Report,
  input: { readonly inputs: readonly string[]; readonly selectTags: readonly string[] },
): string {
  if (input.inputs.includes("-"))
    throw new UsageError("A plan reads its files again, which standard input does not allow. Name files.");
  const salt = randomBytes(16).toString("hex");
  const file = { ...report, inputs: input.inputs, select_tags: input.selectTags, salt, digest: digestOf(plan, salt) };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Throws UsageError for what is no plan. */
export function readPlanFile(path: string, cwd: string): PlanFile {
  const value = parse(readText(resolve(cwd, path), path), path);
  if (!isJsonObject(value)) throw notAPlan(path);
  const { serial, inputs, select_tags: selectTags, salt, digest } = value;
  if (typeof serial !== "number" || typeof salt !== "string" || typeof digest !== "string") throw notAPlan(path);
  if (!isTexts(inputs) || !isTexts(selectTags)) throw notAPlan(path);
  return { serial, inputs, selectTags, salt, digest };
}

/** Throws StateError GW_STATE_CONFLICT when the store, the files or their variables are no longer what was planned with. */
export function refuseOutdated(file: PlanFile, plan: Plan): void {
  const outdated = (what: string): StateError =>
    new StateError("GW_STATE_CONFLICT", `${what} Nothing was written. Make a new plan with \`gw diff --out\`.`);
  if (plan.serial !== file.serial)
    throw outdated(`The store changed since the plan was made (it is at serial ${plan.serial}, not ${file.serial}).`);
  if (digestOf(plan, file.salt) !== file.digest)
    throw outdated("The files, or the variables they use, changed since the plan was made.");
}

/** Over all that would be written, secrets included. The salt keeps two plans from being compared by their secrets. */
function digestOf({ steps, origins, unavailablePlugins }: Plan, salt: string): string {
  return createHash("sha256")
    .update(salt)
    .update(JSON.stringify([steps, origins, unavailablePlugins]))
    .digest("hex");
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`The plan ${name} cannot be read: ${toError(error).message}.`);
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notAPlan(path);
  }
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function notAPlan(path: string): UsageError {
  return new UsageError(`${path} is not a plan. \`gw diff --out FILE\` writes one.`);
}
