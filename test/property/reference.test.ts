import * as fc from "fast-check";
import { expect, it } from "vitest";
import { SecretError } from "../../src/core/errors.ts";
import { parseReference, printReference, type Reference } from "../../src/secrets/reference.ts";

const word = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => text !== "." && text !== "..");
const key = word.filter((text) => !text.split("/").includes("..") && !text.split("/").includes("."));
const resource = word.filter((text) => !text.split("/").some((segment) => segment === "." || segment === ".."));

const reference: fc.Arbitrary<Reference> = fc.record(
  {
    prefix: fc.stringMatching(/^[a-z][a-z0-9-]*[a-z0-9]$/),
    resource,
    key,
    query: fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })),
    version: fc.nat(),
  },
  { requiredKeys: ["prefix", "resource", "query"] },
);

it("parses what it prints", () => {
  fc.assert(
    fc.property(reference, (original) => {
      expect(parseReference(printReference(original))).toEqual(original);
    }),
  );
});

it("prints what it parsed to the same address, or refuses the text with its own error", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const parsed = parseOrUndefined(`{vault://${text}}`);
      if (parsed !== undefined) expect(parseReference(printReference(parsed))).toEqual(parsed);
    }),
  );
});

function parseOrUndefined(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof SecretError) return undefined;
    throw error;
  }
}
