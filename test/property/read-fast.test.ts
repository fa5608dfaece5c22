import * as fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { describe, expect, it } from "vitest";
import { locate } from "../../src/config/locate.ts";
import type { LocatedNode } from "../../src/config/located-node.ts";
import { readLocated, readValues } from "../../src/config/read-fast.ts";

/** What the fast reader makes of a text; undefined when it leaves it to `yaml`. */
function readFast(text: string): unknown {
  const root = readLocated(text);
  expect(readValues(text)).toEqual(root?.value);
  return root && plain(root, text);
}

/** What `yaml` makes of it; undefined when it refuses it, or has something to say. */
function readByYaml(text: string): unknown {
  const documents = parseAllDocuments(text, { schema: "failsafe", prettyErrors: false, uniqueKeys: false });
  const [first, second] = Array.isArray(documents) ? documents : [];
  if (first === undefined || second !== undefined || first.errors.length > 0) return undefined;
  let duplicates = 0;
  try {
    const root = locate(first, () => (duplicates += 1));
    return duplicates > 0 ? undefined : plain(root, text);
  } catch {
    return undefined;
  }
}

/**
 * A tree that can be compared. Ends of lists and mappings, and white space at the end of a block, are left out: a mask covers what is to be
 * seen there either way.
 */
function plain(node: LocatedNode, text: string): unknown {
  const { value, start, end, keyStart, isPlain, size, children } = node;
  if (children === undefined)
    return { value, start, end: text.slice(0, end).trimEnd().length, keyStart, isPlain, size };
  const below =
    "get" in children
      ? [...children].map(([key, child]) => [key, plain(child, text)])
      : children.map((child) => plain(child, text));
  return { value, start, keyStart, isPlain, size, below };
}

/** The fast reader may leave a text to `yaml`, never read it otherwise. */
function expectEqual(text: string): boolean {
  const fast = readFast(text);
  if (fast !== undefined) expect(fast).toEqual(readByYaml(text));
  return fast !== undefined;
}

const folder = join(import.meta.dirname, "../../fixtures/configs");
const fixtures = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(?:ya?ml|json)$/.test(name))
  .map((name) => readFileSync(join(folder, name), "utf8"));

/** What YAML is made of, in an order that is often wrong. */
const piece = fc.constantFrom(
  ..."a|b|key|yes|No|0x1F|1e3|~|null|12:30|007|<<|{|}|[|]|,|, |?|? |:|\\|'|@|`".split("|"),
  ...": ~:\n~:\n  ~:\n    ~\n~\n  ~\n    ~\n- ~\n  - ~- ~-\n~  ~ ~\r\n~\t~\uFEFF~\u0085~\u2028".split("~"),
  ..."'it''s'~\"\\u00e9\\n\"~|~|\n  ~>-\n   ~|2\n~>+\n~&x ~*x~*x ~<<: *x\n~a: &x {b: 1}\n".split("~"),
  ..."!!str ~!!binary ~! ~!t ~# c\n~ # c\n~#~---\n~...\n~%YAML 1.2\n".split("~"),
);
const soup = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(""));

/** Configurations that are nearly right: lines with keys, lists and scalars, indented at random. */
const line = fc
  .tuple(
    fc.constantFrom("", "  ", "    ", "  - ", "- ", "    - "),
    fc.constantFrom("a: ", "b: ", "c:", "'d': ", '"e": ', "<<: ", ""),
    fc.constantFrom(
      "",
      "1",
      "on",
      "x y",
      "'q'",
      '"r\\ts"',
      "[a, b: c]",
      "{a: 1, b: [2]}",
      "&x {z: 1}",
      "&x",
      "*x",
      "|",
      ">-",
      "# c",
      "a # c",
      "x\n  y",
      "'m\n\n  n'",
    ),
  )
  .map((parts) => parts.join(""));
const lines = fc
  .tuple(fc.array(line, { maxLength: 10 }), fc.constantFrom("\n", "\r\n"))
  .map(([all, end]) => all.join(end));

describe("the fast reader", () => {
  it("reads every fixture that `yaml` reads as `yaml` does, without leaving it to it", () => {
    expect(fixtures.length).toBeGreaterThan(50);
    const left = fixtures.filter((text) => !expectEqual(text) && readByYaml(text) !== undefined);
    expect(left.filter((text) => !/^---|^\.\.\.|!!?\w|\t/m.test(text))).toEqual([]);
  });

  it("agrees with `yaml` on pieces of YAML in any order", () => {
    fc.assert(
      fc.property(soup, (text) => void expectEqual(text)),
      { numRuns: 3000 },
    );
  });

  it("agrees with `yaml` on lines of mappings and lists, well indented or not", () => {
    fc.assert(
      fc.property(lines, (text) => void expectEqual(text)),
      { numRuns: 3000 },
    );
  });

  it("agrees with `yaml` on fixtures that were damaged", () => {
    const damaged = fc
      .tuple(fc.constantFrom(...fixtures), fc.nat(), fc.nat({ max: 5 }), piece)
      .map(([text, at, length, put]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + put + text.slice(start + length);
      });
    fc.assert(
      fc.property(damaged, (text) => void expectEqual(text)),
      { numRuns: 300 },
    );
  });
});
