// @ts-check
import { ROWS_PER_TILE } from "../../encoder/layout.js";
import { advance, define, f32, f32x4, get, i16x8, i32, i32x4, loop, offset, set, splat, times, v128 } from "../wat.js";

/** With 13 bits, 1,536 products with weights of 8 bits cannot overflow a sum of 32. */
const LARGEST = 8191;

/** Two vectors of four floats at a time become four pairs of 16-bit integers. */
const FLOATS = 8;

/** So that a row of zeros is not divided by zero. */
const SMALLEST = 1e-12;

/** Rows of floats as `multiply` reads them: tiles of four rows, in a tile by pairs, in a pair by row; and the step of each row in rowScales. */
export const quantiseRows = define(
  "quantise_rows",
  { floats: "i32", quantised: "i32", rowScales: "i32", rows: "i32", width: "i32" },
  {
    row: "i32",
    inTile: "i32",
    position: "i32",
    target: "i32",
    widthBytes: "i32",
    vector: "v128",
    factors: "v128",
    most: "f32",
  },
  [
    set("widthBytes", i32.mul(get("width"), i32.const(4))),
    loop("row", get("rows"), ROWS_PER_TILE, [
      loop("inTile", i32.const(4 * ROWS_PER_TILE), 4, [
        set("target", i32.add(get("quantised"), get("inTile"))),
        findLargest(),
        f32.store(i32.add(get("rowScales"), get("inTile")), f32.div(get("most"), f32.const(LARGEST))),
        set("factors", f32x4.splat(f32.div(f32.const(LARGEST), get("most")))),
        loop("position", get("widthBytes"), 4 * FLOATS, [
          set("vector", i16x8.narrow_i32x4_s(step(0), step(1))),
          times(FLOATS / 2, (pair) => v128.store32_lane(offset(16 * pair), pair, get("target"), get("vector"))),
          advance("target", i32.const((16 * FLOATS) / 2)),
        ]),
        advance("floats", get("widthBytes")),
      ]),
      advance("rowScales", i32.const(4 * ROWS_PER_TILE)),
      advance("quantised", i32.mul(get("widthBytes"), i32.const(2))),
    ]),
  ],
);

/** most = the largest absolute value of the row at `floats`. */
function findLargest() {
  return [
    set("vector", splat(SMALLEST)),
    loop("position", get("widthBytes"), 16, [
      set("vector", f32x4.pmax(get("vector"), f32x4.abs(v128.load(i32.add(get("floats"), get("position")))))),
    ]),
    set("most", largestLane("vector")),
  ].join("\n");
}

function largestLane(/** @type {string} */ name) {
  const lane = (/** @type {number} */ number) => f32x4.extract_lane(number, get(name));
  return f32.max(f32.max(lane(0), lane(1)), f32.max(lane(2), lane(3)));
}

/** Four floats at `position` in steps of their row. */
function step(/** @type {number} */ half) {
  const floats = v128.load(offset(16 * half), i32.add(get("floats"), get("position")));
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(floats, get("factors"))));
}
