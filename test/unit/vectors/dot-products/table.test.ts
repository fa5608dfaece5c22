import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import wabt from "wabt";
import { openVectorTable } from "../../../../src/vectors/dot-products/table.ts";

const folder = new URL("../../../../src/vectors/dot-products/", import.meta.url);

it("runs what kernel.wat says", async () => {
  const toolkit = await wabt();
  const text = readFileSync(new URL("kernel.wat", folder), "utf8");
  const { buffer } = toolkit.parseWat("kernel.wat", text, { simd: true }).toBinary({});
  expect(readFileSync(new URL("kernel.ts", folder), "utf8")).toContain(`"${Buffer.from(buffer).toString("base64")}"`);
});

it("gives every product within the precision of 32-bit floats, for any number of rows of any length", () => {
  const shapes = fc.record({
    count: fc.integer({ min: 1, max: 1200 }),
    dimensions: fc.constantFrom(1, 3, 16, 17, 63, 512, 1536),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(shapes, ({ count, dimensions, seed }) => {
      const vectorOf = (row: number): Float32Array => unitVector(seed + row * 7.3, dimensions);
      const vectors = Array.from({ length: count }, (_, row) => vectorOf(row));
      const table = openVectorTable(vectors, dimensions);
      for (const query of [vectorOf(-1), vectorOf(-2)]) {
        const products = table.dots(query);
        expect(products).toHaveLength(count);
        for (const row of [0, count >> 1, count - 1]) {
          const expected = query.reduce((sum, value, at) => sum + value * (vectors[row]?.[at] ?? Number.NaN), 0);
          expect(Math.abs((products[row] ?? Number.NaN) - expected)).toBeLessThan(5e-7);
        }
      }
    }),
    { numRuns: 25 },
  );
});

it("keeps the rows of one table apart from those of another", () => {
  const rows = (sign: number) => Array.from({ length: 100 }, (_, row) => unitVector(sign * (row + 1), 512));
  const [first, second] = [openVectorTable(rows(1), 512), openVectorTable(rows(-1), 512)];
  const before = Float64Array.from(first.dots(unitVector(0.5, 512)));
  second.dots(unitVector(0.7, 512));
  expect(Float64Array.from(first.dots(unitVector(0.5, 512)))).toEqual(before);
});

it("has nothing to say of no rows", () => {
  expect(openVectorTable([], 0).dots(new Float32Array(0))).toHaveLength(0);
});

function unitVector(seed: number, dimensions: number): Float32Array {
  const numbers = Array.from({ length: dimensions }, (_, at) => Math.sin(seed * 12.9898 + (at + 1) * 78.233));
  const length = Math.hypot(...numbers);
  return Float32Array.from(numbers, (number) => number / length);
}
