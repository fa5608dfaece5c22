import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type MemberEdit, spliceMembers } from "../../src/llm/splice.ts";

const names = ["model", "stream", "max_tokens", "top_k"];

/** Keys that are edited, keys that look like them, and anything. */
const key = fc.oneof(
  fc.constantFrom(...names, "Model", "model ", "mode", '"model"', "\\model", "é"),
  fc.string({ unit: "binary" }),
);
const space = fc.constantFrom("", " ", "\n", "\t\r\n  ");

/** A key as JSON text, in one of the ways that mean the same. */
const keyText = fc
  .tuple(key, fc.boolean())
  .map(([text, isEscaped]) => (isEscaped ? escapeAll(text) : JSON.stringify(text)));

const member = fc
  .tuple(space, keyText, space, space, fc.jsonValue(), fc.boolean(), space)
  .map(([a, name, b, c, value, isPretty, d]) => {
    return `${a}${name}${b}:${c}${JSON.stringify(value, undefined, isPretty ? 2 : 0)}${d}`;
  });
const objectText = fc
  .tuple(space, fc.array(member, { maxLength: 8 }), space)
  .map(([a, members, b]) => `${a}{${members.length === 0 ? b : members.join(",")}}${b}`);

const edits = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.option(fc.jsonValue(), { nil: undefined })), {
    selector: ([name]) => name,
  })
  .map((pairs): MemberEdit[] =>
    pairs.map(([name, value]) => ({ name, json: value === undefined ? undefined : JSON.stringify(value) })),
  );

test("the result parses to what parse, edit and stringify give", () => {
  fc.assert(
    fc.property(objectText, edits, (text, changes) => {
      const expected = new Map(Object.entries(JSON.parse(text) as object));
      for (const { name, json } of changes) {
        if (json === undefined) expected.delete(name);
        else expected.set(name, JSON.parse(json));
      }
      const result: unknown = JSON.parse(spliceMembers(Buffer.from(text), changes).toString());
      expect(new Map(Object.entries(result as object))).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

test("a name that is edited has one value for every reader, also the one that takes the first", () => {
  fc.assert(
    fc.property(objectText, edits, (text, changes) => {
      const result = spliceMembers(Buffer.from(text), changes).toString();
      for (const { name, json } of changes)
        expect(new Set(valuesOf(result, name))).toEqual(new Set(json === undefined ? [] : [json]));
    }),
  );
});

test("without an edit that applies, not a byte changes", () => {
  fc.assert(
    fc.property(objectText, (text) => {
      expect(spliceMembers(Buffer.from(text), [{ name: "not there", json: undefined }]).toString()).toBe(
        Buffer.from(text).toString(),
      );
    }),
  );
});

/** Every value of a top-level name, duplicates included, in compact JSON: by renaming each key to its position before parsing. */
function valuesOf(text: string, name: string): string[] {
  const found: string[] = [];
  let depth = 0;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] ?? "";
    if (depth === 1 && tokens[index + 1] === ":" && JSON.parse(token) === name) found.push(valueAt(tokens, index + 2));
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
  }
  return found;
}

function valueAt(tokens: readonly string[], start: number): string {
  let depth = 0;
  let text = "";
  for (const token of tokens.slice(start)) {
    if (depth === 0 && text !== "" && /^[,}\]]$/.test(token)) break;
    text += token;
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
  }
  return JSON.stringify(JSON.parse(text));
}

function escapeAll(text: string): string {
  const units = Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`,
  );
  return `"${units.join("")}"`;
}
