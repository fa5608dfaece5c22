import type { OptionValues } from "./command.ts";

export function isSet(options: OptionValues, name: string): boolean {
  return options[name] === true;
}

export function textOf(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of a flag that may be given more than once. */
export function listOf(options: OptionValues, name: string): readonly string[] {
  const value = options[name];
  if (Array.isArray(value)) return value as readonly string[];
  return typeof value === "string" ? [value] : [];
}
