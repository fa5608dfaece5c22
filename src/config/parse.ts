import { BugError } from "../core/errors.ts";
import { once } from "../core/once.ts";
import { createLineTable } from "./line-table.ts";
import { locatedDocument, type ParseResult } from "./parsed-document.ts";
import { readLocated, readValues } from "./read-fast.ts";

/**
 * Reads the first document of `text`; never throws. Messages quote keys but no values, which may be secrets. JSON is read as YAML, as
 * decK does.
 */
export async function parseDocument(text: string, file: string): Promise<ParseResult> {
  const placeAt = createLineTable(text, file);
  const value = readValues(text);
  if (value !== undefined) {
    const root = once(() => {
      const located = readLocated(text);
      if (located === undefined) throw new BugError(`"${file}" was read and could not be read again.`);
      return located;
    });
    return { document: locatedDocument(value, root, placeAt, text.length), diagnostics: [] };
  }
  const { parseYaml } = await import("./parse-yaml.ts");
  return parseYaml(text, placeAt);
}
