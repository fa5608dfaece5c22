import { existsSync, readFileSync } from "node:fs";
import { dirname, parse, resolve } from "node:path";
import { editPlugin, headFileOf, type PluginShape } from "../config/edit-plugin.ts";
import type { TuningChange } from "../routing/tune.ts";
import { writeWhole } from "./output-file.ts";
import { jsonText } from "./views/report.ts";

/** Makes the change in a configuration file, with the head in a file beside it. Returns the names of what was written. */
export function writeTuning(target: string, shape: PluginShape, { gw, targets }: TuningChange): readonly string[] {
  const text = readFileSync(target, "utf8");
  if (gw.head === undefined) {
    const dropped = Object.hasOwn(gw, "head") && { head_file: undefined };
    writeWhole(target, editPlugin(text, shape, { gw: { ...gw, ...dropped }, targets }), true);
    return [target];
  }
  const name = headFileOf(text, shape) ?? freeName(target);
  const edited = editPlugin(text, shape, { gw: { ...gw, head: undefined, head_file: name }, targets });
  const file = resolve(dirname(target), name);
  writeWhole(file, jsonText(gw.head), true);
  writeWhole(target, edited, true);
  return [target, file];
}

/** Not .json: a folder's .json files are read as configurations. */
function freeName(target: string): string {
  const { dir, name } = parse(target);
  const isFree = (each: string): boolean => !existsSync(resolve(dir, each));
  let candidate = `${name}.head`;
  for (let number = 2; !isFree(candidate); number++) candidate = `${name}-${number}.head`;
  return candidate;
}
