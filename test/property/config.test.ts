import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkSources } from "../../src/config/load.ts";
import { parseDocument } from "../../src/config/parse.ts";
import { printConfig } from "../../src/config/print.ts";
import { hideExpressions } from "../../src/config/render.ts";
import { checkFixture, fixtureCases, loadOptions } from "../support/load-fixture.ts";

const options = loadOptions();

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
/** Texts that YAML, JSON, Go templates or JavaScript could take for something else. */
const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.constantFrom(
    "yes",
    "No",
    "0x1F",
    "1e3",
    "null",
    "~",
    "a: b",
    "- a",
    "# no",
    "a #b",
    "'",
    '"',
    "\\",
    "line\nline\n",
    "  x  ",
    "12:30",
    "=",
    "<<",
    "*a",
    "&a",
    "!a",
    "${{ x",
    '${{ env "DECK_X" }}',
    "}}",
    "\u2028",
    "é",
    "%",
    "@",
    "`",
    "",
  ),
);
const tags = fc.option(fc.uniqueArray(word, { maxLength: 3 }), { nil: undefined });
const id = fc.option(fc.uuid(), { nil: undefined });

const target = fc.record({
  route_type: fc.constant("llm/v1/chat"),
  description: fc.oneof(
    text.filter((each) => each !== ""),
    fc.constant("CATCHALL"),
  ),
  weight: fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
  model: fc.record({
    provider: fc.constant("openai"),
    name: word,
    options: fc.option(
      fc.record({
        temperature: fc.double({ min: 0, max: 5, noNaN: true }),
        max_tokens: fc.nat({ max: 9999 }).map((n) => n + 1),
      }),
      { nil: undefined },
    ),
  }),
  auth: fc.option(
    fc.record({
      header_name: fc.constant("Authorization"),
      header_value: fc.constantFrom(
        "{vault://env/key}",
        '${{ env "DECK_TEXT" }}',
        'Bearer ${{ env "DECK_TEXT" | indent 2 }}: x',
        "plain: # text",
      ),
    }),
    { nil: undefined },
  ),
  metadata: fc.option(fc.dictionary(word, fc.oneof(text, fc.integer(), fc.boolean())), { nil: undefined }),
});
const plugin = fc.record({
  name: fc.constant("ai-proxy-advanced"),
  enabled: fc.option(fc.boolean(), { nil: undefined }),
  config: fc.record({
    balancer: fc.constant({ algorithm: "semantic" }),
    embeddings: fc.constant({ model: { provider: "local", name: "universal-sentence-encoder-lite" } }),
    vectordb: fc.record({
      strategy: fc.constant("memory"),
      dimensions: fc.constant(512),
      distance_metric: fc.constantFrom("cosine", "euclidean"),
      threshold: fc.double({ min: 0, max: 2, noNaN: true }),
    }),
    targets: fc.array(target, { minLength: 1, maxLength: 3 }),
  }),
});
const route = fc.record({
  id,
  name: word,
  tags,
  paths: fc.uniqueArray(
    word.map((each) => `/${each}`),
    { minLength: 1, maxLength: 3 },
  ),
  strip_path: fc.option(fc.boolean(), { nil: undefined }),
  headers: fc.option(
    fc.dictionary(
      word.map((each) => `x-${each}`),
      fc.array(
        text.filter((each) => !each.startsWith("~*")),
        { minLength: 1, maxLength: 2 },
      ),
      { minKeys: 1 },
    ),
    { nil: undefined },
  ),
  plugins: fc.option(fc.array(plugin, { maxLength: 1 }), { nil: undefined }),
});
const service = fc.record({
  id,
  name: word,
  tags,
  host: word,
  port: fc.option(fc.nat({ max: 65535 }), { nil: undefined }),
  routes: fc.option(fc.uniqueArray(route, { selector: (each) => each.name, maxLength: 3 }), { nil: undefined }),
  plugins: fc.option(fc.array(plugin, { maxLength: 1 }), { nil: undefined }),
});
const configuration = fc.record({
  services: fc.uniqueArray(service, { selector: (each) => each.name, minLength: 1, maxLength: 3 }),
  vaults: fc.uniqueArray(
    fc.record({
      name: fc.constant("env"),
      prefix: word.map((each) => `v-${each}0`),
      description: fc.option(text, { nil: undefined }),
    }),
    { selector: (each) => each.prefix, maxLength: 2 },
  ),
  consumers: fc.uniqueArray(fc.record({ id, custom_id: text.filter((each) => each !== "") }), {
    selector: (each) => each.custom_id,
    maxLength: 2,
  }),
  plugins: fc.array(plugin, { maxLength: 1 }),
});

async function load(source: string) {
  return await checkSources([{ file: "kong.yaml", text: source }], options);
}

/** Texts of generated configurations are data: what looks like an expression in them must be written as one. */
function asFile(value: object): string {
  return JSON.stringify({ _format_version: "3.0", ...value }, (_, member: unknown) =>
    typeof member === "string" && !sensitive.has(member) ? member.replaceAll("${{", '${{ "${{" }}') : member,
  );
}
const sensitive = new Set(['${{ env "DECK_TEXT" }}', 'Bearer ${{ env "DECK_TEXT" | indent 2 }}: x']);

describe("printConfig", () => {
  it("prints what loads back as the same value, for generated configurations", async () => {
    let loadedOnce = 0;
    await fc.assert(
      fc.asyncProperty(configuration, async (value) => {
        const { loaded: first } = await load(asFile(value));
        if (first === undefined) return;
        loadedOnce += 1;
        const second = await load(printConfig(first.config));
        expect(second.loaded?.config, JSON.stringify(second.diagnostics)).toEqual(first.config);
      }),
      { numRuns: 60 },
    );
    // Names may repeat over services, which is refused: but most of what is generated must count.
    expect(loadedOnce).toBeGreaterThan(20);
  });

  it.each(["valid", "warned"] as const)(
    "prints what loads back as the same value, for every %s fixture",
    async (kind) => {
      for (const name of fixtureCases(kind)) {
        const { loaded } = await checkFixture(kind, name);
        if (loaded === undefined) throw new Error(name);
        const printed = printConfig(loaded.config);
        const again = await load(printed);
        expect(again.loaded?.config, name).toEqual(loaded.config);
        expect(printConfig(again.loaded?.config ?? loaded.config), name).toBe(printed);
      }
    },
  );
});

describe("hideExpressions", () => {
  it("keeps the length of every line", () => {
    const piece = fc.oneof(
      text,
      fc.constantFrom(
        '${{ env "DECK_X" }}',
        '${{ env "DECK_X" "a }} b" }}',
        "\n",
        '${{ env "DECK_M" | indent 8 }}',
        "${{ a }}",
        "${{}}",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const source = pieces.join("");
        const lengths = (each: string): number[] => each.split("\n").map((line) => line.length);
        expect(lengths(hideExpressions(source).text)).toEqual(lengths(source));
      }),
    );
  });
});

describe("arbitrary text", () => {
  const seed = readFileSync(join(import.meta.dirname, "../../fixtures/seed/kong.yaml"), "utf8");
  const mangled = fc
    .tuple(
      fc.nat({ max: seed.length }),
      fc.nat({ max: 40 }),
      fc.oneof(text, fc.constantFrom("{", "}", "[", "]", "\t", "${{", "|", ">", "? ", "- ", ": ", "*x", "&x ", "\0")),
    )
    .map(([start, length, insert]) => seed.slice(0, start) + insert + seed.slice(start + length));

  it("never makes the parser throw", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ maxLength: 200, unit: "binary" }), mangled), async (source) => {
        const { document, diagnostics } = await parseDocument(source, "kong.yaml");
        expect(document === undefined).toBe(
          diagnostics.some(({ code }) => code === "yaml-syntax" || code === "yaml-unsupported"),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("is answered with places inside the file, whatever is broken in it", async () => {
    await fc.assert(
      fc.asyncProperty(mangled, async (source) => {
        const lines = source.split("\n");
        for (const { place } of (await load(source)).diagnostics) {
          if (place === undefined) throw new Error("no place");
          expect(place.line).toBeLessThanOrEqual(lines.length);
          expect(place.column).toBeLessThanOrEqual((lines[place.line - 1]?.length ?? 0) + 1);
        }
      }),
      { numRuns: 100 },
    );
  });

  // No "#": what it turns into a comment inside the name of a field is recognised by nothing.
  it("never shows a secret, whatever is broken around it", async () => {
    const secret = "sk-planted-secret";
    const withSecret = seed
      .replaceAll(/header_value: .*/g, `header_value: "${secret}"`)
      .replace(/token: .*/, `token: ${secret}`);
    const spot = fc.tuple(
      fc.nat({ max: withSecret.length }),
      fc.constantFrom("\n", '"', "'", "{", "}", "[", ":", ": ", "- ", "\t", "x", "*x", "|", "---\n", "  "),
    );
    await fc.assert(
      fc.asyncProperty(spot, async ([at, insert]) => {
        const source = withSecret.slice(0, at) + insert + withSecret.slice(at);
        const { diagnostics, sources } = await load(source);
        const isCut = !source.includes(`"${secret}"`) || [...source.matchAll(new RegExp(secret, "g"))].length < 5;
        if (isCut) return;
        expect(JSON.stringify(diagnostics)).not.toContain(secret);
        expect([...sources.values()].join("")).not.toContain(secret);
      }),
      { numRuns: 150 },
    );
  });
});
